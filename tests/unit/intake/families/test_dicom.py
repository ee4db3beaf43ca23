"""DICOM's sets: what is told, how often files are opened, headers that are odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dicom_files import (
    BIG_ENDIAN,
    DEFLATED,
    DIRECTORY,
    EXPLICIT,
    IMPLICIT,
    write_slice,
    write_without_image,
)
from tests.support.file_sets import only_set, paths, sets
from tests.support.pair_sets import SETS, Slice
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.intake.families.dicom_header import read_header
from transferapp.intake.grouping import group
from transferapp.intake.judging import apart, judge
from transferapp.intake.preflight import PreflightSettings, Severity, preflight
from transferapp.intake.scanning import FoundFile, scan

OMERO = PreflightSettings(still_writing_s=0, target=omero_formats())
REPORT, STATE = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.11.1"


def test_one_slice_brings_its_series(tmp_path: Path) -> None:
    SETS["dicom-by-number"].make(tmp_path)
    assert len(only_set(tmp_path / "s2.dcm").files) == 4


def test_a_series_that_is_taken_apart_is_reported(tmp_path: Path) -> None:
    SETS["dicom-chain"].make(tmp_path)
    result = preflight(group(scan([tmp_path]))[0], OMERO)
    assert result.level is Severity.WARNING
    assert "Its series becomes 2 images" in result.sentence


@pytest.mark.parametrize("folder", ["", "sub"])
def test_dicomdir_rides_along(tmp_path: Path, folder: str) -> None:
    for number in (1, 2):
        Slice(f"IM{number}", number).write(tmp_path / folder)
    write_slice(tmp_path / "DICOMDIR", sop_class=DIRECTORY)
    found = paths(only_set(tmp_path), tmp_path)
    assert found == [str(Path(folder, "IM1")), str(Path(folder, "IM2")), "DICOMDIR"]


def test_dicomdir_alone_is_reported(tmp_path: Path) -> None:
    write_slice(tmp_path / "DICOMDIR", sop_class=DIRECTORY)
    (problem,) = only_set(tmp_path).problems
    assert "only lists DICOM files" in problem.message


def test_pixels_that_are_cut_off_are_reported(tmp_path: Path) -> None:
    """Bio-Formats 7.3.1 refuses all files of such a set."""
    SETS["dicom-by-number"].make(tmp_path)
    cut = tmp_path / "s2.dcm"
    cut.write_bytes(cut.read_bytes()[:-1])
    result = preflight(only_set(tmp_path), OMERO)
    assert result.blocked
    assert result.sentence.startswith("'s2.dcm' is not complete")


def test_text_called_dicom_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_text("hello, this is text, and more than a header is long")
    assert "does not begin like a DICOM file" in preflight(only_set(tmp_path), OMERO).sentence


def test_other_syntaxes_stay_alone(tmp_path: Path) -> None:
    for number in (1, 2):
        path = tmp_path / f"s{number}.dcm"
        write_slice(path, number=number, syntax=BIG_ENDIAN, size=(40, 40))
    assert sets(tmp_path) == {"s1.dcm": ["s1.dcm"], "s2.dcm": ["s2.dcm"]}


def test_sequences_in_a_header_are_passed_over(tmp_path: Path) -> None:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + b"\x08\x00\x04\x01LO\x02\x00ab"
    item += b"\xfe\xff\x0d\xe0" + bytes(4)
    path = write_slice(tmp_path / "a.dcm", more=((0x00081140, "SQ", _undefined(item)),))
    header = read_header(path, path.stat().st_size)
    assert header is not None
    assert header.values[0x0020000E] == "1.2.3"


def _undefined(items: bytes) -> bytes:
    return items + b"\xfe\xff\xdd\xe0" + bytes(4)


def test_damaged_headers_end(tmp_path: Path) -> None:
    whole = write_slice(tmp_path / "a.dcm", size=(40, 40)).read_bytes()
    for at in range(132, 700, 3):
        for content in (whole[:at], whole[:at] + b"\xff" * 40 + whole[at:]):
            (tmp_path / "a.dcm").write_bytes(content)
            read_header(tmp_path / "a.dcm", len(content))


def test_two_series_in_one_image_are_reported(tmp_path: Path) -> None:
    """Bio-Formats 7.3.1 goes by number and day (findings/dicom-two-series-in-one.sh)."""
    for number, series in enumerate(("1.2.3", "1.2.4"), 1):
        more = (
            (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
            (0x00080022, "DA", "20240102"),
            (0x00080032, "TM", "101112"),
            (0x00200011, "IS", "1"),
        )
        write_slice(
            tmp_path / f"s{number}.dcm", number=number, series=series, size=(40, 40), more=more
        )
    result = preflight(only_set(tmp_path), OMERO)
    assert result.level is Severity.WARNING
    assert "Its files are of 2 series" in result.sentence


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_slice_is_cut_off_wherever_it_ends(tmp_path: Path, syntax: str) -> None:
    """Also between two elements, where a report ends too."""
    SETS["dicom-by-number"].make(tmp_path)
    cut = tmp_path / "s2.dcm"
    Slice("s2.dcm", 2, syntax=syntax).write(tmp_path)
    whole = cut.read_bytes()
    for size in (*range(132, 700), len(whole) - 2, len(whole) - 1):
        cut.write_bytes(whole[:size])
        made = next(one for one in group(scan([tmp_path])) if cut in map(_path, one.files))
        result = preflight(made, OMERO)
        assert result.blocked, size
        assert result.sentence.startswith("'s2.dcm' is not complete"), size


def _path(file: FoundFile) -> Path:
    return file.path


@pytest.mark.parametrize("name", ["report.dcm", "report"])
@pytest.mark.parametrize("syntax", [EXPLICIT, DEFLATED])
@pytest.mark.parametrize("kind", [REPORT, STATE, DIRECTORY])
@pytest.mark.parametrize("target", [omero_formats(), embedded_formats()])
def test_an_object_without_pixels_is_no_image(
    tmp_path: Path, name: str, syntax: str, kind: str, target: RepositoryFormats
) -> None:
    """It says of which series it is, and is quiet beside that."""
    SETS["dicom-by-number"].make(tmp_path)
    images = sets(tmp_path)
    write_without_image(tmp_path / name, kind, syntax)
    settings = PreflightSettings(still_writing_s=0, target=target)
    found = apart(one for some in judge(scan([tmp_path]), settings) for one in some)
    assert {c.name: paths(c, tmp_path) for c, _ in found.filesets} == images
    ((other, result),) = found.others
    assert paths(other, tmp_path) == [name]
    assert "a DICOM file without an image" in result.sentence


def test_dicomdir_does_not_ride_along_with_a_report(tmp_path: Path) -> None:
    write_without_image(tmp_path / "A1", REPORT)
    write_slice(tmp_path / "DICOMDIR", sop_class=DIRECTORY)
    Slice("B1", 1).write(tmp_path)
    assert sets(tmp_path) == {"A1": ["A1"], "B1": ["B1", "DICOMDIR"]}
    (tmp_path / "B1").unlink()
    found = apart(one for some in judge(scan([tmp_path]), OMERO) for one in some)
    assert (len(found.filesets), len(found.others)) == (0, 2)


def test_images_of_floating_point_are_whole(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "map.dcm", sop_class="1.2.840.10008.5.1.4.1.1.30")
    header = path.read_bytes().partition(b"\xe0\x7f\x10\0OW")[0]
    path.write_bytes(header + b"\xe0\x7f\x08\0OF\0\0" + (96).to_bytes(4, "little") + bytes(96))
    assert not only_set(tmp_path).problems


def test_spectra_are_no_images_and_slides_are(tmp_path: Path) -> None:
    storage = "1.2.840.10008.5.1.4.1.1."
    for kind, is_image in (
        ("4.2", False), ("77.1.6", True), ("77.1.5.3", False), ("66.4", True), ("66", False),
        ("481.1", True), ("481.3", False), ("104.1", False), ("1.1.1", True), ("9.1.1", False),
    ):  # fmt: skip
        path = write_without_image(tmp_path / "a.dcm", storage + kind)
        header = read_header(path, path.stat().st_size)
        assert header is not None
        assert (header.is_image, header.cut_off) == (is_image, is_image), kind
