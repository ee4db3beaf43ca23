"""What Bio-Formats shows wrongly in silence is told before the import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.trap_files import MAKERS
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan
from transferapp.intake.traps import TRAPS, warnings


def reported(path: Path) -> list[str]:
    return warnings(scan([path]).files)


@pytest.mark.parametrize("name", [trap.name for trap in TRAPS])
def test_a_trap_is_reported_and_its_harmless_neighbour_is_not(
    name: str, tmp_path: Path
) -> None:
    (trap,) = (trap for trap in TRAPS if trap.name == name)
    sentence = f"{trap.sentence} (Seen with Bio-Formats 7.3.1.)"
    assert sentence in reported(MAKERS[name](tmp_path, True))
    (tmp_path / "harmless").mkdir()
    assert reported(MAKERS[name](tmp_path / "harmless", False)) == []


def test_each_sentence_states_what_to_do() -> None:
    sentence = ("Write ", "In ImageJ", "Save ", "export ", "Export ", "Mind ", "Pad ")
    assert all(any(term in trap.sentence for term in sentence) for trap in TRAPS)


def test_a_damaged_file_is_left_to_those_who_report_it(tmp_path: Path) -> None:
    for name in ("a.tif", "a.ome.tif", "a.mrc", "a.fits", "a.nrrd", "a.pgm", "a.dcm"):
        (tmp_path / name).write_bytes(b"II*\0")
    assert reported(tmp_path) == []


def test_colours_of_a_nrrd_are_channels_rightly(tmp_path: Path) -> None:
    header = "NRRD0004\nsizes: 3 20 30\nkinds: RGB-color domain domain\n\n"
    (tmp_path / "a.nrrd").write_text(header)
    assert reported(tmp_path) == []


def test_only_who_imports_into_omero_is_reported(tmp_path: Path) -> None:
    (candidate,) = group(scan([MAKERS["imagej-depth"](tmp_path, True)]))
    reported_here = preflight(candidate, PreflightSettings(still_writing_s=0))
    reported_there = preflight(
        candidate, PreflightSettings(still_writing_s=0, target=omero_formats())
    )
    assert (reported_here.level, reported_there.level) == (Severity.OK, Severity.WARNING)
    assert "set the unit to micron" in reported_there.sentence


def test_dicom_without_a_suffix_is_reported_too(tmp_path: Path) -> None:
    path = MAKERS["dicom-monochrome1"](tmp_path, True)
    assert reported(path.rename(tmp_path / "IM0001"))
