"""A folder as a bag (BagIt, RFC 8493)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import bagit

from transferapp import __version__
from transferapp.errors import ChecksumMismatch
from transferapp.protocol.export_manifests import ListedExport

#: SHA-1 to compare with what was exported, SHA-256 for those who check the bag.
_CHECKSUMS = ["sha1", "sha256"]


def make_bag(source: ListedExport, folder: Path) -> None:
    """Make a bag of ``folder``, which holds the files; raises ChecksumMismatch for a file that
    is not as it was exported, and OSError.
    """
    bag = bagit.make_bag(str(folder), _info(source), checksums=_CHECKSUMS)
    found = {path: sums["sha1"] for path, sums in bag.payload_entries().items()}
    for file in source.files:
        if found.get(f"data/{file.path}") != file.sha1:
            raise ChecksumMismatch(
                f"'{file.path}' is not as it was exported. Export it again; the folder was"
                " not made."
            )


def _info(source: ListedExport) -> Mapping[str, str]:
    return {
        "Bag-Software-Agent": f"TransferApp {__version__} with bagit {bagit.VERSION}",
        "External-Identifier": source.transfer.id,
        "External-Description": source.transfer.name,
        "Source-Repository": f"{source.repository} at {source.transfer.server}",
        "Export-Form": source.form,
    }
