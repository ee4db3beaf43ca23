"""What a repository could never store is told before anything is sent to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tifffile

from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.preflight import (
    PreflightResult,
    PreflightSettings,
    Severity,
    preflight,
)
from transferapp.intake.scanning import FoundFile, scan


class Later:
    """Fresh test files count as old."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


def of_files(folder: Path, *names: str) -> FilesetCandidate:
    """Put files together as a family of ours does, whatever they are called."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(folder / name, np.zeros((4, 4), np.uint8))
    files = [found for one in group(scan([folder])) for found in one.files]
    [first, *_] = group(scan([folder / names[0]]))
    return replace(first, files=tuple(sorted(files, key=by_path)), grouped_by="Test")


def by_path(file: FoundFile) -> str:
    return file.client_path


def judged(candidate: FilesetCandidate, rules: str | None) -> PreflightResult:
    target = embedded_formats() if rules is None else omero_formats(path_rules=rules)
    return preflight(candidate, PreflightSettings(target=target), Later())


def test_files_that_come_to_one_name_are_told(tmp_path: Path) -> None:
    candidate = of_files(tmp_path / "run", "a:1.tif", "a;1.tif")
    found = judged(candidate, "")
    assert (found.level, found.code) == (Severity.BLOCKED, "name-not-allowed")
    assert "'run/a:1.tif' and 'run/a;1.tif' under the same name" in found.sentence
    assert "Rename one of them" in found.sentence


def test_the_rules_are_those_of_the_server(tmp_path: Path) -> None:
    candidate = of_files(tmp_path / "run", "a:1.tif", "a;1.tif")
    assert judged(candidate, "UNIX required").code == ""


def test_the_embedded_repository_has_no_such_rules(tmp_path: Path) -> None:
    found = judged(of_files(tmp_path / "run", "a:1.tif", "a;1.tif"), None)
    assert found.code == "unsupported-file", "its readers take each by itself"


def test_files_too_far_below_their_common_folder_are_told(tmp_path: Path) -> None:
    candidate = of_files(tmp_path / "run", "p/a/b/c/x.tif", "q/a/b/c/x.tif")
    found = judged(candidate, "")
    assert found.code == "name-not-allowed"
    assert "'run/p/a/b/c/x.tif'" in found.sentence
    assert "into fewer folders" in found.sentence


@pytest.mark.parametrize(
    ("folder", "rules", "reported"),
    [
        ("cells.zarr", "", ""),
        ("cells", "", "ends in .zarr"),
        ("cells.zarr", "Windows required,UNIX optional", "cannot read OME-Zarr"),
    ],
)
def test_a_zarr_that_omero_would_not_find_is_told(
    folder: str, rules: str, reported: str
) -> None:
    reason = omero_formats(path_rules=rules).no_place([f"run/{folder}/.zattrs"])
    assert reported in reason
    assert bool(reason) == bool(reported)
