"""How OMERO changes names that its rules forbid, and what it cannot place at all."""

from __future__ import annotations

import pytest

from transferapp.errors import Invalid
from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.repositories.omero.imports.places import check_places
from transferapp.repositories.omero.path_rules import USUAL_RULES, rules_of


def planned(*paths: str) -> FilesetPlan:
    return FilesetPlan("k", "cells", tuple(PlannedFile(p, 1, "aa") for p in paths), None, 1)


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
    check_places(planned("run/a:1.tif", "run/a;2.tif"))
    with pytest.raises(Invalid, match=r"'run/a:1\.tif' and 'run/a;1\.tif'"):
        check_places(planned("run/a:1.tif", "run/a;1.tif"))


def test_files_too_far_below_their_common_folder_are_refused() -> None:
    check_places(planned("r/p1/a/b/x.tif", "r/p2/a/b/x.tif"))
    check_places(planned("r/p1/a/b/c/x.tif", "r/p2/a/b/c/x.tif", "r/index.xml"))
    check_places(planned("a/b/c/d/e/f/g/x.tif"))
    with pytest.raises(Invalid, match="more than 3 folders below"):
        check_places(planned("r/p1/a/b/c/x.tif", "r/p2/a/b/c/x.tif"))


@pytest.mark.parametrize(
    "path",
    ["cells/.zattrs", "CELLS.ZARR/.zattrs", "old.zarr.d/a.zarr/.zattrs", "a.zarr/b/zarr.json"],
)
def test_a_zarr_that_omero_does_not_find_is_refused(path: str) -> None:
    check_places(planned("run/cells.ome.zarr/.zattrs", "run/cells.ome.zarr/0/.zarray"))
    with pytest.raises(Invalid, match=r"ends in \.zarr"):
        check_places(planned(path))
