"""Filesets of one name are told apart by their folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tests.support.ome_files import block, image, ome, uuid, write_pages
from transferapp.intake.candidate_names import distinct_names
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan


def named(*paths: str) -> list[str]:
    """Name files of these paths."""
    return distinct_names([(Path(path).name, Path(path).parent) for path in paths])


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/d/ctrl/a.tif", "/d/treated/b.tif"], ["a.tif", "b.tif"]),
        (
            ["/d/ctrl/img_0.tif", "/d/treated/img_0.tif", "/d/treated/img_1.tif"],
            ["ctrl/img_0.tif", "treated/img_0.tif", "img_1.tif"],
        ),
        (
            ["/d/mon/Position1/img.tif", "/d/tue/Position1/img.tif"],
            ["mon/Position1/img.tif", "tue/Position1/img.tif"],
        ),
        (
            ["/mon/P1/a.tif", "/mon/P2/a.tif", "/tue/P1/a.tif"],
            ["mon/P1/a.tif", "P2/a.tif", "tue/P1/a.tif"],
        ),
        (["/d/a.tif", "/d/d/a.tif"], ["d/a.tif", "d/d/a.tif"]),
        (["/a.tif", "/d/a.tif"], ["a.tif", "d/a.tif"]),
    ],
)
def test_the_nearest_folders_that_differ_come_in_front(
    paths: list[str], names: list[str]
) -> None:
    assert named(*paths) == names


def test_a_name_that_was_made_before_is_made_anew() -> None:
    placed = [("ctrl/img.tif", Path("/d/ctrl")), ("img.tif", Path("/e/ctrl"))]
    assert distinct_names(placed) == ["d/ctrl/img.tif", "e/ctrl/img.tif"]
    assert distinct_names(placed[:1]) == ["img.tif"]


@given(st.lists(st.lists(st.sampled_from("ab"), max_size=4), unique_by=tuple, max_size=9))
def test_different_places_give_different_names(folders: list[list[str]]) -> None:
    placed = [("img.tif", Path("/", *parts)) for parts in folders]
    names = distinct_names([(name, folder) for name, folder in placed])
    assert len(set(names)) == len(names)
    for name, (_, folder) in zip(names, placed, strict=True):
        assert str(folder / "img.tif").endswith(name)


def test_every_kind_of_fileset_is_reported_apart(tmp_path: Path) -> None:
    for day in ("mon", "tue"):
        folder = tmp_path / day / "Position1"
        write_pages(folder / "img.tif", None)
        xml = ome(image(block(file="b.ome.tif", own=uuid(1))), own=uuid(2))
        (folder / "set.companion.ome").write_text(xml)
        write_pages(folder / "b.ome.tif", None)
        (folder / "image.ome.zarr").mkdir()
        (folder / "image.ome.zarr" / "zarr.json").write_text("{}")
    names = {candidate.name for candidate in group(scan([tmp_path]))}
    assert names == {
        f"{day}/Position1/{name}"
        for day in ("mon", "tue")
        for name in ("img.tif", "set", "image.ome.zarr")
    }


def test_files_dropped_one_by_one_are_reported_apart_too(tmp_path: Path) -> None:
    paths = [write_pages(tmp_path / name / "a.tif", None) for name in ("ctrl", "treated")]
    assert [c.name for c in group(scan(paths))] == ["ctrl/a.tif", "treated/a.tif"]
