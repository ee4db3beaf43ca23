"""A service is killed at every single change that an export makes to a disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.export_env import (
    Contents,
    Crash,
    Workstation,
    crash_at,
    placed_as,
    tree,
    without_rename_new,
)

PAIRS = [
    {f"{folder}/Position1/{name}": f"{folder} {name}".encode() for name in ("a.tif", "b/c.tif")}
    for folder in ("mon", "tue")
]
EXPECTED = {
    **placed_as("Position1 (mon)", PAIRS[0], "mon/Position1"),
    **placed_as("Position1 (tue)", PAIRS[1], "tue/Position1"),
    "dish.czi": b"dish",
    "cells.czi": b"cells",
}


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory where there is one: every crash has an outbox of its own."""
    memory = Path("/dev/shm")  # noqa: S108 - fast, on purpose
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def killed_everywhere(
    disk: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Path], None] = lambda _: None,
    ways: Sequence[str] = (),
) -> Iterator[Contents]:
    """Kill the service before each change of the disk in turn; yields what came of it."""
    for number in range(1000):
        home = disk / str(number)
        out = home / "out"
        station = Workstation(home)
        lone = {"mon/dish.czi": b"dish"}, {"tue/cells.czi": b"cells"}
        station.export("t", out, *PAIRS, *lone, ways=ways)
        prepare(out)
        with crash_at(number, monkeypatch) as came, suppress(Crash):
            station.work("t")
        station.outbox.close()
        if len(came) < number:
            assert number > 30
            return
        station = Workstation(home, contents=station.contents)
        assert any(station.work("t") for _ in range(3)), f"not done after crash {number}"
        station.outbox.close()
        yield tree(out)
        shutil.rmtree(home)


@pytest.mark.parametrize("rename_new", [True, False])
def test_killed_before_every_single_change(
    quick_disk: Path, monkeypatch: pytest.MonkeyPatch, rename_new: bool
) -> None:
    if not rename_new:
        without_rename_new(monkeypatch)
    for number, result in enumerate(killed_everywhere(quick_disk, monkeypatch)):
        assert result == EXPECTED, number


@pytest.mark.parametrize("rename_new", [True, False])
def test_killed_where_names_were_taken_meanwhile(
    quick_disk: Path, monkeypatch: pytest.MonkeyPatch, rename_new: bool
) -> None:
    """Where the disk cannot rename without replacing, an empty folder looks like our claim."""
    name = "Position1 (mon)"
    mine = {f"{name}/": b""} if rename_new else {f"{name}/notes.txt": b"mine"}

    def take(out: Path) -> None:
        (out / name).mkdir(parents=True)
        if not rename_new:
            (out / name / "notes.txt").write_bytes(b"mine")
        (out / "cells.czi").write_bytes(b"mine")

    if not rename_new:
        without_rename_new(monkeypatch)
    expected = {
        **EXPECTED,
        **mine,
        "cells.czi": b"mine",
        **placed_as(f"{name} (2)", PAIRS[0], "mon/Position1"),
        "cells (2)/cells.czi": b"cells",
    }
    for path in placed_as(name, PAIRS[0], "mon/Position1"):
        del expected[path]
    for number, result in enumerate(killed_everywhere(quick_disk, monkeypatch, take)):
        assert result == expected, number


WAYS = ["Lab/Day", "Lab/Day", "Lab/Night", "No dataset"]
SORTED = {
    **placed_as("Lab/Day/Position1 (mon)", PAIRS[0], "mon/Position1"),
    **placed_as("Lab/Day/Position1 (tue)", PAIRS[1], "tue/Position1"),
    "Lab/Night/dish.czi": b"dish",
    "No dataset/cells.czi": b"cells",
}


@pytest.mark.parametrize("rename_new", [True, False])
def test_killed_while_folders_are_made(
    quick_disk: Path, monkeypatch: pytest.MonkeyPatch, rename_new: bool
) -> None:
    """Neither a second outermost folder, nor somebody else's, nor what is left hidden."""
    if not rename_new:
        without_rename_new(monkeypatch)
    for number, result in enumerate(killed_everywhere(quick_disk, monkeypatch, ways=WAYS)):
        assert result == SORTED, number


def test_killed_where_a_folder_was_there_before(
    quick_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(out: Path) -> None:
        (out / "Lab" / "Day").mkdir(parents=True)
        (out / "Lab" / "notes.txt").write_bytes(b"mine")

    expected = {path.replace("Lab/", "Lab (2)/"): content for path, content in SORTED.items()}
    expected |= {"Lab/Day/": b"", "Lab/notes.txt": b"mine"}
    for number, result in enumerate(
        killed_everywhere(quick_disk, monkeypatch, take, ways=WAYS)
    ):
        assert result == expected, number
