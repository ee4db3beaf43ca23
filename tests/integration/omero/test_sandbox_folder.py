"""A sandbox's folder and control socket belong to one process, however it ends."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytest.importorskip("Ice", reason="needs zeroc-ice")

_START_S = 60


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path / "omero", transports=("tcp",)) as running:
        yield running


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose path leaves room for a socket's name."""
    return tmp_path_factory.mktemp("s")


def refused(*arguments: str | Path, code: int = 1) -> str:
    """Start a sandbox that must not come up; return why."""
    argv = [sys.executable, "-m", "transferapp.sandbox.omero_sandbox", *map(str, arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=_START_S, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return inode and bytes of each file that a sandbox keeps."""
    files = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".log"]
    return {path.name: (path.stat().st_ino, path.read_bytes()) for path in files}


@pytest.mark.parametrize("same_port", [True, False])
def test_a_folder_is_not_shared(sandbox: RunningSandbox, *, same_port: bool) -> None:
    before = content(sandbox.folder)
    port = sandbox.port() if same_port else 0
    stated = refused("--dir", sandbox.folder, "--tcp", str(port))
    assert "another OMERO sandbox uses it" in stated
    assert str(sandbox.folder) in stated
    assert content(sandbox.folder) == before
    # What the first one keeps from now on is there after a power cut.
    made = sandbox.control("add_group", name="after")["id"]
    sandbox.restart()
    assert made in group_ids(sandbox.folder)


def group_ids(folder: Path) -> set[int]:
    """Return the groups that the database on disk holds."""
    lines = (folder / "database.jsonl").read_text(encoding="utf-8").splitlines()
    records = [record for line in lines for record in json.loads(line)["set"]]
    return {id_ for kind, id_, _values in records if kind == "ExperimenterGroup"}


def test_another_name_of_the_folder_is_the_same_folder(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(sandbox.folder)
    assert "another OMERO sandbox uses it" in refused("--dir", tmp_path / "link")


def test_killed_it_leaves_no_lock(sandbox: RunningSandbox) -> None:
    sandbox.control("add_group", name="kept")
    sandbox.kill()
    sandbox.start()
    assert sandbox.control("status")["imports"] == 0


def test_a_control_socket_that_answers_is_not_taken(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    taken = sandbox.control_socket
    stated = refused("--dir", tmp_path / "second", "--control", taken)
    assert str(taken) in stated
    assert not (tmp_path / "second" / "database.jsonl").exists()
    assert sandbox.control("sessions") == {"users": []}


@contextmanager
def started(folder: Path, control: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a sandbox with this control socket; it has ended, orderly, at the end."""
    stated = ["--dir", str(folder), "--control", str(control)]
    argv = [sys.executable, "-m", "transferapp.sandbox.omero_sandbox", *stated]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["ready"]
            yield process
            process.terminate()
            assert process.wait(_START_S) == 0
        finally:
            process.kill()


def answers(control: Path) -> bool:
    """Say whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as wire:
        return wire.connect_ex(str(control)) == 0


def test_a_control_socket_of_a_killed_sandbox_is_replaced(tmp_path: Path, short: Path) -> None:
    stale = short / "control"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))
    with started(tmp_path / "omero", stale):
        assert answers(stale)
        assert stale.stat().st_mode & 0o077 == 0
    # Nobody listens there any more.
    assert not stale.exists()


def test_the_end_leaves_another_ones_control_socket(tmp_path: Path, short: Path) -> None:
    shared = short / "control"
    with ExitStack() as second:
        with started(tmp_path / "first", shared):
            shared.unlink()
            second.enter_context(started(tmp_path / "second", shared))
        assert answers(shared)


def test_a_file_is_not_removed_for_the_control_socket(tmp_path: Path, short: Path) -> None:
    precious = short / "thesis"
    precious.write_text("three years")
    stated = refused("--dir", tmp_path / "omero", "--control", precious, code=2)
    assert str(precious) in stated
    assert precious.read_text() == "three years"


@pytest.mark.parametrize("place", ["missing/control", "c" * 120])
def test_where_no_control_socket_can_be(tmp_path: Path, short: Path, place: str) -> None:
    stated = refused("--dir", tmp_path / "omero", "--control", short / place, code=2)
    assert "control socket" in stated


def test_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused("--dir", tmp_path / "file", code=2)


def test_a_folder_that_cannot_be_made() -> None:
    assert "/proc/omero" in refused("--dir", "/proc/omero", code=2)


def test_a_damaged_database_is_left_as_it_is(sandbox: RunningSandbox) -> None:
    sandbox.kill()
    database = sandbox.folder / "database.jsonl"
    damaged = "not JSON\n" + database.read_text(encoding="utf-8")
    database.write_text(damaged, encoding="utf-8")
    stated = refused("--dir", sandbox.folder)
    assert f"{database}, line 1" in stated
    assert database.read_text(encoding="utf-8") == damaged
