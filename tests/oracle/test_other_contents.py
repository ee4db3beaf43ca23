"""What is in a file counts, not how it ends: Bio-Formats reads none of what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.bio_formats import BioFormats
from tests.support.vendor_sets import write_lif
from transferapp.formats import bio_formats as table
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())
_CONTENTS = {
    "two bytes": b"ab",
    "zeros": bytes(5000),
    "text": b"module counter(input clk);\n  // of another program\nendmodule\n" * 80,
}
#: ``.fake`` is read whatever is in it; on ``.lms`` Bio-Formats 7.3.1 hangs.
_APART = ("fake", "lms")
_SUFFIXES = [s for s in table.suffixes() if s and "," not in s and s not in _APART]


@pytest.mark.parametrize("content", _CONTENTS)
def test_no_reader_takes_what_is_refused(
    content: str, tmp_path: Path, bio_formats: BioFormats
) -> None:
    for suffix in _SUFFIXES:
        folder = tmp_path / suffix
        folder.mkdir()
        (folder / f"x.{suffix}").write_bytes(_CONTENTS[content])
        (made,) = group(scan([folder]))
        if preflight(made, _SETTINGS).blocked:
            assert bio_formats.files(folder) == [], suffix


@pytest.mark.parametrize(
    "behind", [b"", b"\0", bytes(3), bytes(4), bytes(40) + b"x", b"notes", b"\x70\0\0\0"]
)
def test_bytes_behind_a_lif(behind: bytes, tmp_path: Path, bio_formats: BioFormats) -> None:
    path = write_lif(tmp_path / "a.lif")
    path.write_bytes(path.read_bytes() + behind)
    (made,) = group(scan([tmp_path]))
    assert preflight(made, _SETTINGS).blocked is (bio_formats.files(tmp_path) == [])
