"""Which Bio-Formats a release of OMERO.server brought along, by OME's public release notes.

OMERO does not tell its Bio-Formats, but its own version. What is not in this table is not
known: releases between two rows may have brought either, or another. A facility can put
another jar into its server, so that what follows from this is likely and no more.
"""

from __future__ import annotations

import re

#: Server -> Bio-Formats. Sources, read 2026-11: 5.6.4 and 5.6.5, github.com/ome/openmicroscopy
#: /releases; 5.6.9, omero.readthedocs.io, version history v5.6.9-1; 5.6.11, 5.6.17 and 5.6.18,
#: announcements at www.openmicroscopy.org ("from 8.2.0 to 8.4.0" in that of 5.6.17 tells of
#: 5.6.16; 5.6.18 also github.com/ome/openmicroscopy/pull/6453).
BIO_FORMATS = {
    "5.6.4": "6.9.1",
    "5.6.5": "6.10.0",
    "5.6.9": "7.0.0",
    "5.6.11": "7.3.0",
    "5.6.16": "8.2.0",
    "5.6.17": "8.4.0",
    "5.6.18": "8.5.0",
}
_NUMBER = re.compile(r"\d+\.\d+\.\d+")


def bio_formats_of(server: str) -> str:
    """Return the Bio-Formats of a server ("5.6.17-ice36-b42"); empty when it is not known."""
    found = _NUMBER.match(server)
    return BIO_FORMATS.get(found[0], "") if found else ""


def derived_text(server: str, table: str) -> str:
    """Say where the version comes from, and that the list of formats is ``table``'s."""
    listed = f"The list of formats is that of Bio-Formats {table}."
    if not server:
        return f"Which Bio-Formats this OMERO runs is not known. {listed}"
    likely = bio_formats_of(server)
    if not likely:
        return (
            f"Which Bio-Formats OMERO.server {server} runs is not known: the release notes"
            f" that we know do not say it. {listed}"
        )
    return (
        f"OMERO.server {server} is likely to run Bio-Formats {likely}, which it was released"
        f" with (derived from its release notes). {listed}"
    )
