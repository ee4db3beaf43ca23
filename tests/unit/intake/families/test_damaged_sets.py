"""Headers and indexes that are cut off, doubled or of another program: what people are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dicom_files import write_slice
from tests.support.file_sets import only_set, paths, sets
from tests.support.pair_sets import Slice
from tests.support.plate_sets import make_bd_pathway, make_scanr
from tests.support.vendor_sets import write_nd, write_vsi
from tests.support.volume_files import (
    PIXELS,
    write_analyze,
    write_big_data_viewer,
    write_hdf5,
    write_ics,
)
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

OMERO = PreflightSettings(still_writing_s=0, target=omero_formats())


def results(dropped: Path) -> dict[str, PreflightResult]:
    """Return what is said of each fileset of what was dropped, by its name."""
    return {made.name: preflight(made, OMERO) for made in group(scan([dropped]))}


def refusal(dropped: Path) -> str:
    """Return why the one fileset of what was dropped is blocked."""
    result = preflight(only_set(dropped), OMERO)
    assert result.blocked
    return result.sentence


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_an_ics_header_is_cut_off_wherever_it_ends(tmp_path: Path, version: str) -> None:
    write_ics(tmp_path, version=version, pixels=".ids" if version == "1.0" else None)
    header = tmp_path / "a.ics"
    whole = header.read_bytes()
    for length in range(3, whole.index(b"end\n") + 1):
        header.write_bytes(whole[:length])
        assert preflight(only_set(tmp_path), OMERO).blocked, whole[:length]


def test_an_old_ics_header_may_lack_its_end(tmp_path: Path) -> None:
    """So are libics' own test images, which Bio-Formats 7.3.1 reads."""
    write_ics(tmp_path)
    header = tmp_path / "a.ics"
    header.write_bytes(header.read_bytes().replace(b"end\n", b"parameter\tscale\t1\t1\t1\t1\n"))
    assert not preflight(only_set(tmp_path), OMERO).blocked


@pytest.mark.parametrize("line", [b"layout\tsizes", b"representation\tformat", b"byte_order"])
def test_an_ics_header_that_lacks_a_line_is_refused(tmp_path: Path, line: bytes) -> None:
    write_ics(tmp_path)
    header = tmp_path / "a.ics"
    lines = header.read_bytes().split(b"\n")
    header.write_bytes(b"\n".join(one for one in lines if line not in one))
    assert "is not complete" in refusal(tmp_path)


@pytest.mark.parametrize("content", [bytes(500), b"\x93\x01" * 250, b"BEGIN:VCALENDAR\r\n"])
@pytest.mark.parametrize("beside", [True, False])
def test_ics_of_anything_else_is_refused(tmp_path: Path, content: bytes, beside: bool) -> None:
    (tmp_path / "x.ics").write_bytes(content)
    if beside:
        (tmp_path / "x.ids").write_bytes(PIXELS)
    assert "does not begin like an ICS file" in refusal(tmp_path)


def test_the_header_of_the_same_case_has_the_pixels(tmp_path: Path) -> None:
    write_ics(tmp_path, "x")
    write_analyze(tmp_path, "x")
    for suffix in ("ics", "hdr"):
        copy = tmp_path / f"X.{suffix}"
        copy.write_bytes((tmp_path / f"x.{suffix}").read_bytes())
    if len(list(tmp_path.iterdir())) < 6:
        pytest.skip("The case of letters makes no difference here.")
    found, stated = sets(tmp_path), results(tmp_path)
    assert found["x.ics"] == ["x.ics", "x.ids"]
    assert found["x.hdr"] == ["x.hdr", "x.img"]
    assert {name for name, one in stated.items() if one.blocked} == {"X.ics", "X.hdr"}
    assert "'X.ids', which is missing" in stated["X.ics"].sentence


def test_the_index_of_the_same_case_has_the_images(tmp_path: Path) -> None:
    images = ["exp1_t1.TIF", "exp1_t2.TIF"]
    write_nd(tmp_path, images, times=2)
    (tmp_path / "EXP1.nd").write_bytes((tmp_path / "exp1.nd").read_bytes())
    if len(list(tmp_path.iterdir())) < 4:
        pytest.skip("The case of letters makes no difference here.")
    assert sets(tmp_path)["exp1.nd"] == [images[0], "exp1.nd", images[1]]
    stated = results(tmp_path)
    assert not stated["exp1.nd"].blocked
    assert "none of them is there" in stated["EXP1.nd"].sentence


def test_a_metamorph_index_in_utf_16_is_refused(tmp_path: Path) -> None:
    """Bio-Formats 7.3.1 does not read it."""
    write_nd(tmp_path, ["exp1_t1.TIF"], times=1)
    index = tmp_path / "exp1.nd"
    index.write_bytes(index.read_text().encode("utf-16"))
    assert "Save it as plain text" in refusal(tmp_path)


@pytest.mark.parametrize("copy", ["data - Copy.xml", "backup.xml", "z.xml"])
def test_a_copy_of_the_xml_of_big_data_viewer_takes_nothing(tmp_path: Path, copy: str) -> None:
    for name in (copy, "data.xml"):
        write_big_data_viewer(tmp_path, name, "data.h5", "data.h5")
    assert sets(tmp_path) == {"data.h5": ["data.h5", "data.xml"], copy: [copy]}
    assert only_set(tmp_path / "data.xml").name == "data.h5"


@pytest.mark.parametrize("damage", ["missing", "empty", "other", "cut", "xml", "no xml"])
def test_big_data_viewer_that_is_not_whole_is_reported_as_such(
    tmp_path: Path, damage: str
) -> None:
    write_big_data_viewer(tmp_path, "data.xml", "data.h5", "data.h5")
    pixels, xml = tmp_path / "data.h5", tmp_path / "data.xml"
    if damage == "missing":
        pixels.unlink()
    elif damage == "cut":
        write_hdf5(pixels, end=4096)
    elif damage == "no xml":
        xml.write_bytes(b"")
    elif damage == "xml":
        xml.write_bytes(xml.read_bytes()[:75])
    else:
        pixels.write_bytes(b"" if damage == "empty" else bytes(100))
    result = preflight(only_set(tmp_path), OMERO)
    assert result.blocked
    assert result.format == "BigDataViewer"
    assert not result.unknown


def test_a_copy_of_a_slice_is_reported(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        Slice(f"s{number}.dcm", number).write(tmp_path)
    (tmp_path / "s2 - Copy.dcm").write_bytes((tmp_path / "s2.dcm").read_bytes())
    result = preflight(only_set(tmp_path), OMERO)
    assert result.level is Severity.WARNING
    assert "'s2.dcm' is a copy of 's2 - Copy.dcm'" in result.sentence


def test_many_copies_of_a_slice_are_reported_once(tmp_path: Path) -> None:
    for number in range(30):
        Slice(f"s{number:02}.dcm", 1).write(tmp_path)
    (doubt,) = only_set(tmp_path).doubts
    assert "29 of its files are copies" in doubt
    assert "'s01.dcm' of 's00.dcm'" in doubt


def test_dicom_of_a_preamble_alone_is_refused(tmp_path: Path) -> None:
    write_slice(tmp_path / "a.dcm")
    (tmp_path / "a.dcm").write_bytes((tmp_path / "a.dcm").read_bytes()[:132])
    assert "is not complete" in refusal(tmp_path)


def test_a_scanr_descriptor_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    make_scanr(tmp_path)
    index = tmp_path / "experiment_descriptor.xml"
    index.write_bytes(index.read_bytes()[: index.stat().st_size // 2])
    assert "is not complete" in refusal(tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_bd_pathway_experiment_that_is_cut_off_is_refused(
    tmp_path: Path, share: float
) -> None:
    make_bd_pathway(tmp_path)
    index = tmp_path / "Experiment.exp"
    index.write_bytes(index.read_bytes()[: int(index.stat().st_size * share)])
    assert results(tmp_path)["Experiment.exp"].blocked


def test_vsi_of_random_bytes_is_refused(tmp_path: Path) -> None:
    (write_vsi(tmp_path) / "a.vsi").write_bytes(b"\x93\x01" * 250)
    name = next(tmp_path.rglob("*.vsi")).name
    assert "does not begin like a cellSens VSI file" in results(tmp_path)[name].sentence


_GIF = b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0"


@pytest.mark.parametrize(("end", "blocked"), [(b";", False), (b";\0\0", False), (b"", True)])
def test_a_gif_without_its_end_is_refused(tmp_path: Path, end: bytes, blocked: bool) -> None:
    (tmp_path / "a.gif").write_bytes(_GIF + end)
    assert preflight(only_set(tmp_path), OMERO).blocked is blocked


def test_envi_is_not_taken_for_another_format(tmp_path: Path) -> None:
    """Bio-Formats 7.3.1 has no reader for it."""
    (tmp_path / "a.hdr").write_text("ENVI\nsamples = 6\nlines = 5\nbands = 2\n")
    (tmp_path / "a.img").write_bytes(PIXELS)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == ["a.hdr", "a.img"]
    result = preflight(made, OMERO)
    assert result.blocked
    assert result.format == "ENVI"
    assert "OME-TIFF" in result.sentence
