"""Families are cheap: files without an index are not opened, and their folders not listed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.file_sets import touched_tiff
from tests.support.vendor_sets import write_czi_part, write_pattern
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile, scan

_WATCHED = ("open", "os.scandir", "os.listdir")
_seen: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is not None and event in _WATCHED:
        _seen.append(str(arguments[0]))


@pytest.fixture
def seen() -> Iterator[list[str]]:
    """What was opened or listed since."""
    global _seen  # noqa: PLW0603 - an audit hook stays for good.
    if not getattr(_hook, "is_added", False):
        sys.addaudithook(_hook)
        _hook.is_added = True  # type: ignore[attr-defined]
    _seen = []
    yield _seen
    _seen = None


def collected(files: tuple[FoundFile, ...]) -> int:
    neighbours, count = Neighbours(files), 0
    for family in FAMILIES:
        for file in files:
            if family.reports_of_a_set(file.path.name):
                count += family.collect(file, neighbours) is not None
    return count


def test_files_without_an_index_are_not_scanned_at(tmp_path: Path, seen: list[str]) -> None:
    run = tmp_path / "run"
    for number in range(20):
        touched_tiff(run / f"img_{number:09}_GFP_000.tif")
        touched_tiff(run / f"a ({number}).tif")
        write_czi_part(run / f"x{number}.czi", 0, own=number)
    files = scan([run]).files
    seen.clear()
    assert collected(files) == 0
    assert seen == []


def test_a_folder_with_many_indexes_is_listed_once(tmp_path: Path, seen: list[str]) -> None:
    run = tmp_path / "run"
    for number in range(20):
        write_pattern(run, "t_<1-2>.tif", ["t_1.tif"])
        (run / "x.pattern").rename(run / f"{number}.pattern")
    files = scan([run]).files
    seen.clear()
    assert collected(files) == 20
    assert seen.count(str(run)) == 1
