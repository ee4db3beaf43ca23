"""How OMERO changes names that its rules forbid, and what it cannot place at all."""

from __future__ import annotations

import pytest

from transferapp.formats.omero_path_rules import USUAL_RULES, rules_of, stated_or_usual
from transferapp.formats.omero_places import no_place


def placed(*paths: str) -> str:
    return no_place(paths, USUAL_RULES)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("cells (treated) 5µm.czi", "cells (treated) 5µm.czi"),
        ("12:30 a.tif", "12;30 a.tif"),
        ('"x"*?.tif', "'x'x%.tif"),
        ("<a>|b\\c", "[a]!b!c"),
        ("tab\there", "tab_here"),
        ("con", "con_"),
        ("Con.tif", "_Con.tif"),
        ("COM1.lif", "_COM1.lif"),
        ("com10.lif", "com10.lif"),
        ("$mft", "_$mft"),
        (".zattrs", ".zattrs"),
        ("ends.", "ends."),
    ],
)
def test_usual_rules(name: str, kept: str) -> None:
    assert rules_of(USUAL_RULES).safe(name) == kept


def test_other_rules() -> None:
    assert rules_of("UNIX required").safe("12:30") == "12:30"
    every = rules_of("unix optional, Windows optional,Windows required")
    assert [every.safe(n) for n in (".zattrs", "-x", "ends.", "a ")] == [
        "_.zattrs", "_-x", "ends._", "a _",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="DOS"):
        rules_of("DOS required")


def test_two_files_that_come_to_one_place_are_refused() -> None:
    assert placed("run/a:1.tif", "run/a;2.tif") == ""
    assert "'run/a:1.tif' and 'run/a;1.tif'" in placed("run/a:1.tif", "run/a;1.tif")


def test_files_too_far_below_their_common_folder_are_refused() -> None:
    assert placed("r/p1/a/b/x.tif", "r/p2/a/b/x.tif") == ""
    assert placed("r/p1/a/b/c/x.tif", "r/p2/a/b/c/x.tif", "r/index.xml") == ""
    assert placed("a/b/c/d/e/f/g/x.tif") == ""
    assert "more than 3 folders below" in placed("r/p1/a/b/c/x.tif", "r/p2/a/b/c/x.tif")


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("cells/.zattrs", "Rename 'cells' to 'cells.ome.zarr'"),
        ("CELLS.ZARR/.zattrs", "Rename 'CELLS.ZARR' to 'CELLS.ome.zarr'"),
        ("a.zarr.d/.zattrs", "Rename 'a.zarr.d' to 'a.d.ome.zarr'"),
        ("old.zarr.d/a.zarr/.zattrs", "Rename 'old.zarr.d', or import 'a.zarr' alone"),
        ("a.zarr/b/zarr.json", "Rename 'b' to 'b.ome.zarr'"),
        (".zattrs", "'image.ome.zarr'"),
    ],
)
def test_a_zarr_that_omero_does_not_find_is_refused(path: str, advice: str) -> None:
    assert placed("run/cells.ome.zarr/.zattrs", "run/cells.ome.zarr/0/.zarray") == ""
    assert advice in placed(path)


def test_what_nobody_told_is_as_omero_has_it() -> None:
    assert stated_or_usual("") == stated_or_usual("DOS required") == USUAL_RULES
    assert stated_or_usual("UNIX required") == "UNIX required"
