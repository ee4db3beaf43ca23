"""The Bio-Formats of an OMERO.server is known for the releases whose notes say it."""

from __future__ import annotations

import pytest

from transferapp.formats.omero import omero_formats
from transferapp.formats.omero_releases import bio_formats_of


@pytest.mark.parametrize(
    ("server", "wanted"),
    [
        ("5.6.18", "8.5.0"),
        ("5.6.17-ice36-b42", "8.4.0"),
        ("5.6.11", "7.3.0"),
        ("5.6.1", ""),
        ("5.6.14", ""),
        ("6.0.0", ""),
        ("", ""),
        ("UNKNOWN", ""),
    ],
)
def test_only_what_is_written_somewhere_is_known(server: str, wanted: str) -> None:
    assert bio_formats_of(server) == wanted
    reported = omero_formats(server)
    assert reported.likely == (f"Bio-Formats {wanted}" if wanted else "")
    assert reported.derived.endswith("The list of formats is that of Bio-Formats 7.3.1.")
    assert ("not known" in reported.derived) == (not wanted)


def test_whose_list_it_is_does_not_change() -> None:
    assert omero_formats("5.6.18").whose == "OMERO, Bio-Formats 7.3.1"
