"""Pairs of header and pixels that are not whole, and what people are told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets
from tests.support.volume_files import (
    PIXELS,
    nrrd_header,
    write_analyze,
    write_big_data_viewer,
    write_hdf5,
    write_ics,
)
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan

OMERO = PreflightSettings(still_writing_s=0, target=omero_formats())


def sentence(dropped: Path) -> str:
    """Return why the one fileset of what was dropped is blocked."""
    result = preflight(only_set(dropped), OMERO)
    assert result.blocked
    return result.sentence


def only_header(make: Callable[[Path], None], folder: Path, pixels: str) -> Path:
    make(folder)
    (folder / pixels).unlink()
    return folder


def _named(folder: Path, *names: str) -> None:
    (folder / "a.nhdr").write_bytes(nrrd_header(f"data file: {names[0]}"))
    for name in names:
        (folder / name).write_bytes(PIXELS)


@pytest.mark.parametrize(
    ("make", "pixels"),
    [
        (write_ics, "a.ids"),
        (write_analyze, "a.img"),
        (partial(write_analyze, mark=b"ni1\0"), "a.img"),
        (lambda folder: _named(folder, "a.raw"), "a.raw"),
        (partial(write_big_data_viewer, xml="a.xml", named="a.h5", pixels="a.h5"), "a.h5"),
    ],
)
def test_a_header_without_its_pixels_is_reported(
    tmp_path: Path, make: Callable[[Path], None], pixels: str
) -> None:
    only_header(make, tmp_path, pixels)
    assert f"'{pixels}', which is missing" in sentence(tmp_path)


@pytest.mark.parametrize(
    ("make", "pixels"),
    [
        (write_ics, "a.ids"),
        (write_analyze, "a.img"),
        (lambda folder: _named(folder, "a.raw"), "a.raw"),
    ],
)
def test_pixels_that_are_cut_off_are_reported(
    tmp_path: Path, make: Callable[[Path], None], pixels: str
) -> None:
    make(tmp_path)
    (tmp_path / pixels).write_bytes(PIXELS[:100])
    assert sentence(tmp_path).startswith(f"'{pixels}' is not complete: its end is cut off.")


@pytest.mark.parametrize("dropped", ["a.ics", "a.ids"])
def test_either_of_a_pair_brings_the_other(tmp_path: Path, dropped: str) -> None:
    write_ics(tmp_path)
    assert paths(only_set(tmp_path / dropped), tmp_path) == ["a.ics", "a.ids"]


def test_lone_ids_asks_for_its_header(tmp_path: Path) -> None:
    write_ics(tmp_path)
    (tmp_path / "a.ics").unlink()
    assert "'a.ics', which is missing" in sentence(tmp_path)


def test_ids_beside_a_header_with_its_own_pixels_is_not_needed(tmp_path: Path) -> None:
    write_ics(tmp_path, version="2.0")
    results = {made.name: preflight(made, OMERO) for made in group(scan([tmp_path]))}
    assert not results["a.ics"].blocked
    assert "holds its pixels itself" in results["a.ids"].sentence


def test_one_ics_file_that_is_cut_off_is_reported(tmp_path: Path) -> None:
    write_ics(tmp_path, version="2.0", pixels=None)
    content = (tmp_path / "a.ics").read_bytes()
    (tmp_path / "a.ics").write_bytes(content[:-1])
    assert "its end is cut off" in sentence(tmp_path)


def test_names_in_the_other_case_are_reported(tmp_path: Path) -> None:
    write_ics(tmp_path, pixels=".IDS")
    assert "Rename it to 'a.ids'" in sentence(tmp_path)


def test_capitals_of_analyze_are_reported(tmp_path: Path) -> None:
    write_analyze(tmp_path)
    (tmp_path / "a.hdr").rename(tmp_path / "a.HDR")
    assert "Rename them to 'a.hdr' and 'a.img'" in sentence(tmp_path)


def test_a_header_of_another_program_is_no_pair(tmp_path: Path) -> None:
    (tmp_path / "a.hdr").write_text("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n")
    (tmp_path / "a.img").write_bytes(PIXELS)
    made = group(scan([tmp_path]))
    assert [(len(one.files), one.format) for one in made] == [(1, None), (1, None)]


def test_lone_img_of_jeol_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(b"IM" + PIXELS)
    assert not preflight(only_set(tmp_path), OMERO).blocked


@pytest.mark.parametrize(
    "more", ["data file: LIST\na.raw\nb.raw", "data file: %c.raw", "data file: sub/a.raw"]
)
def test_pixels_of_nrrd_in_several_places_stay_together_and_are_reported(
    tmp_path: Path, more: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.nhdr").write_bytes(nrrd_header(more))
    for name in ("a.raw", "b.raw", "sub/a.raw"):
        (tmp_path / name).write_bytes(PIXELS)
    made = next(one for one in group(scan([tmp_path])) if one.name == "a.nhdr")
    assert preflight(made, OMERO).blocked
    if "LIST" in more:
        assert paths(made, tmp_path) == ["a.nhdr", "a.raw", "b.raw"]


def test_files_of_a_pattern_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.nhdr").write_bytes(nrrd_header("data file: s%d.raw 1 3 1"))
    for n in (1, 2, 3):
        (tmp_path / f"s{n}.raw").write_bytes(PIXELS)
    assert sets(tmp_path) == {"a.nhdr": ["a.nhdr", "s1.raw", "s2.raw", "s3.raw"]}


@pytest.mark.parametrize(
    ("xml", "pixels", "order"),
    [
        ("data.xml", "data.h5", ["data.h5", "data.xml"]),
        ("a.xml", "data.h5", ["a.xml", "data.h5"]),
        ("z.xml", "data.h5", ["z.xml", "data.h5"]),
        ("data.xml", "sub/data.h5", ["data.xml", "sub/data.h5"]),
    ],
)
def test_which_file_of_big_data_viewer_is_opened(
    tmp_path: Path, xml: str, pixels: str, order: list[str]
) -> None:
    """Seen with Bio-Formats 7.3.1 (BDVReader), with real files of these names."""
    write_big_data_viewer(tmp_path, xml, pixels, pixels)
    assert paths(only_set(tmp_path), tmp_path) == order


def test_big_data_viewer_whose_h5_is_cut_off_is_reported(tmp_path: Path) -> None:
    write_big_data_viewer(tmp_path, "a.xml", "a.h5", "a.h5")
    write_hdf5(tmp_path / "a.h5", end=4096)
    assert "its end is cut off" in sentence(tmp_path)


def test_another_xml_and_a_lone_h5_are_no_set(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<notes/>")
    write_hdf5(tmp_path / "a.h5")
    assert [one.format for one in group(scan([tmp_path]))] == [None, None]
