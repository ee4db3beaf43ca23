"""What filesets are called where they go, decided as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

import pytest
from hypothesis import given, strategies as st

from transferapp.client.placement import Placement, disambiguate, fileset, plan
from transferapp.errors import NameNotAllowed
from transferapp.host.storable_names import same_name

LAB = "lab/2026-11-20"


def planned(*filesets: Sequence[str], taken: Iterable[str] = ()) -> list[Placement]:
    """Plan an export into a folder in which some names are taken."""
    found = [fileset(f"image {number}", paths) for number, paths in enumerate(filesets)]
    names = {same_name(name) for name in taken}
    made: list[Placement] = []
    for one in found:
        same = [
            other.distinguishing
            for other in found
            if same_name(other.name) == same_name(one.name)
        ]
        tag = disambiguate(same)[one.distinguishing]
        made.append(plan(one, tag, lambda name: same_name(name) in names))
        names.add(same_name(made[-1].name))
    return made


def names(*filesets: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    return [placement.name for placement in planned(*filesets, taken=taken)]


def companion(folder: str, stem: str = "img") -> list[str]:
    return [f"{folder}/{stem}.companion.ome", f"{folder}/{stem}_C0.ome.tif"]


def zarr(folder: str) -> list[str]:
    return [f"{folder}/zarr.json", f"{folder}/0/zarr.json", f"{folder}/0/c/0/0"]


def test_the_natural_name_comes_first() -> None:
    filesets = (companion("mon/Position1"), zarr("m/image.ome.zarr"), ["mon/cells.czi"])
    assert names(*filesets) == ["Position1", "image.ome.zarr", "cells.czi"]
    assert [one.is_file for one in planned(*filesets)] == [False, False, True]


def test_what_is_taken_gets_a_number_for_the_whole() -> None:
    filesets = (companion("mon/Position1"), zarr("m/image.ome.zarr"), ["mon/cells.czi"])
    taken = ["position1", "image.ome.zarr", "image (2).ome.zarr", "CELLS.czi"]
    assert names(*filesets, taken=taken) == ["Position1 (2)", "image (3).ome.zarr", "cells (2)"]
    assert not any(one.is_file for one in planned(*filesets, taken=taken))


def test_filesets_of_one_name_are_reported_apart_by_the_nearest_folder_that_differs() -> None:
    assert names(*(zarr(f"{LAB}/mouse{n}/image.ome.zarr") for n in (1, 2, 3))) == [
        "image (mouse1).ome.zarr", "image (mouse2).ome.zarr", "image (mouse3).ome.zarr",
    ]  # fmt: skip
    assert names(*(zarr(f"{LAB}/mouse{n}/Pos0/image.ome.zarr") for n in (1, 2))) == [
        "image (mouse1).ome.zarr", "image (mouse2).ome.zarr",
    ]  # fmt: skip
    assert names(["mon/cells.czi"], ["tue/Cells.czi"]) == ["cells (mon)", "Cells (tue)"]
    assert names(["cells.czi"], ["tue/cells.czi"]) == ["cells.czi", "cells (tue)"]
    grid = [companion(f"{day}/{place}/img") for day in ("mon", "tue") for place in ("p1", "p2")]
    assert names(*grid[:3]) == ["img (mon p1)", "img (mon p2)", "img (tue p1)"]
    assert names(*grid)[3] == "img (tue p2)"


def test_sets_that_lie_loose_in_one_folder() -> None:
    assert names(companion("run", "a"), companion("run", "b")) == ["run (a)", "run (b)"]
    assert names(*(companion(f"{day}/run", x) for day in ("mon", "tue") for x in "ab")) == [
        "run (mon a)", "run (mon b)", "run (tue a)", "run (tue b)",
    ]  # fmt: skip
    assert names(["a.ome.tif", "b.ome.tif"], ["c.ome.tif", "d.ome.tif"]) == ["a", "c"]
    assert names(["img.companion.ome", "x.ome.tif"]) == ["img"]


def test_what_nothing_reports_apart_is_numbered() -> None:
    twice = [companion("mon/run"), companion("mon/run")]
    assert names(*twice) == ["run", "run (2)"]
    assert names(*twice, companion("tue/run")) == ["run (mon)", "run (mon) (2)", "run (tue)"]
    assert names(*twice, taken=["run"]) == ["run (2)", "run (3)"]


def test_a_czi_that_is_read_as_part_of_its_neighbour_gets_a_folder() -> None:
    assert names(["lab/x.czi"], ["lab/x (1).czi"]) == ["x.czi", "x (1)"]
    assert names(["lab/x (1).tif"]) == ["x (1).tif"]


def test_the_inside_is_kept_exactly() -> None:
    paths = ["lab/e.zarr/zarr.json", "lab/e.zarr/0/c/0"]
    assert fileset("x", paths).inside == (PurePath("zarr.json"), PurePath("0/c/0"))
    assert fileset("x", ["lab/e.zarr/0/c/0", "lab/e.zarr/0/c/1"]).name == "e.zarr"
    assert fileset("x", ["lab/e.zarr/zarr.json"]).single is False
    assert fileset("x", ["lab/e.zarr/A/1/0/0", "lab/e.zarr/A/1/0/1"]).inside == (
        PurePath("A/1/0/0"), PurePath("A/1/0/1"),
    )  # fmt: skip


def test_folders_are_named_so_that_every_disk_can_store_them() -> None:
    assert fileset("12:30 a/b", ["a:1.tif", "b.tif"]).name == "a_1"
    long = "d" * 255
    second = names(companion(f"mon/{long}"), companion(f"tue/{long}"))[1]
    assert second.endswith("d (tue)")
    assert len(second) == 255


@pytest.mark.parametrize(
    "paths",
    [
        ["../evil.tif", "x.tif"],
        ["a/..", "a/b"],
        ["a/../../b", "a/c"],
        [".."],
        ["../a.tif", "../b.tif"],
        ["a/x.tif", "a/x.tif"],
        ["a/x", "a/x/y"],
    ],
)
def test_no_path_leads_outside_or_to_another_file(paths: list[str]) -> None:
    with pytest.raises(NameNotAllowed):
        fileset("x", paths)


FOLDERS = st.lists(
    st.sampled_from(["Position1", "position1", "e.ome.zarr", "mon", "tue", "x (2)"]), max_size=3
)
FILESETS = st.lists(
    st.tuples(
        FOLDERS, st.sampled_from([["a.tif"], ["a.czi"], ["a.tif", "0/b"], ["a (2).czi"]])
    ),
    min_size=1,
    max_size=12,
)


@given(FILESETS, st.sets(st.sampled_from(["Position1", "a.tif", "a (2)", "mon (2)"])))
def test_names_never_meet_and_nothing_inside_changes(
    drawn: list[tuple[list[str], list[str]]], taken: set[str]
) -> None:
    filesets = [["/".join([*above, name]) for name in inside] for above, inside in drawn]
    placements = planned(*filesets, taken=taken)
    met = [same_name(one.name) for one in placements] + [same_name(name) for name in taken]
    assert len(set(met)) == len(met)
    for paths, one in zip(filesets, placements, strict=True):
        assert one.name.endswith(".ome.zarr") is one.wanted.endswith(".ome.zarr")
        for path, inside in zip(paths, fileset("x", paths).inside, strict=True):
            assert path == inside.as_posix() or path.endswith(f"/{inside.as_posix()}")
