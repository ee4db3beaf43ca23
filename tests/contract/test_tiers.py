"""Programs and stubs against the contract of tiers, and what is only one's."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest
from typing_extensions import override

from tests.support.tape import Tape
from transferapp.errors import SettingsInvalid
from transferapp.testing.tier_suite import Archive, TierSuite
from transferapp.tier_errors import ArchiveUnavailable, RecallFailed
from transferapp.tiers.port import Tiers
from transferapp.tiers.wiring import open_tiers


class ProgramArchive:
    """A program knows where files are."""

    def __init__(self, folder: Path) -> None:
        self.tape = Tape(folder)
        self.tiers: Tiers = self.tape.tiers

    def add(self, name: str) -> str:
        path = self.tape.folder / name
        path.write_bytes(b"x" * 5000)
        return str(path)

    def migrate(self, path: str) -> None:
        self.tape.put(path)

    def bring_back(self, path: str) -> None:
        self.tape.put(path, "online", None)

    def recalled(self) -> list[str]:
        return self.tape.asked("recall")


class StubArchive(ProgramArchive):
    """The disk shows where files are."""

    def __init__(self, folder: Path) -> None:
        self.tape = Tape(folder, stubs=True)
        self.tiers = self.tape.tiers

    @override
    def migrate(self, path: str) -> None:
        size = os.stat(path).st_size  # noqa: PTH116
        Path(path).write_bytes(b"")
        os.truncate(path, size)

    @override
    def bring_back(self, path: str) -> None:
        Path(path).write_bytes(b"x" * 5000)


class TestProgram(TierSuite):
    """By the facility's program."""

    @pytest.fixture
    def archive(self, tmp_path: Path) -> Archive:
        return ProgramArchive(tmp_path)


class TestStubs(TierSuite):
    """By what the file system shows."""

    @pytest.fixture
    def archive(self, tmp_path: Path) -> Archive:
        return StubArchive(tmp_path)


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    return Tape(tmp_path)


async def test_the_program_says_how_long(tape: Tape) -> None:
    tape.put("/a", "offline", 18_000)
    tape.put("/b", "recalling", None)
    tape.put("/c", "failed", None)
    found = await tape.tiers.status(["/a", "/b", "/c", "/d"])
    assert [(one.state.value, one.eta_s) for one in found] == [
        ("offline", 18_000), ("recalling", None), ("failed", None), ("online", None),
    ]  # fmt: skip


async def test_what_a_recall_usually_takes(tape: Tape) -> None:
    with tape.settings.open("a") as settings:
        settings.write("usual_s = 7200\n")
    tape.put("/a", "offline", None)
    [found] = await tape.tiers.status(["/a"])
    assert found.eta_s == 7200


async def test_many_paths_are_few_runs(tape: Tape) -> None:
    paths = [f"/archive/{number:0>200}" for number in range(5000)]
    assert len(await tape.tiers.status(paths)) == 5000
    assert tape.runs("status") == 3


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        ("sys.exit(3)", r"failed \(exit code 3\)"),
        ("print('gone\\t/a'); sys.exit(0)", "not understood"),
        ("print('offline\\t/a\\tsoon'); sys.exit(0)", "not understood"),
        ("print('offline\\t/a\\t-1'); sys.exit(0)", "not understood"),
        ("print('online\\t/b'); sys.exit(0)", "left out 1 of 1"),
        ("print('x' * 100_000); sys.exit(0)", "more than it was asked for"),
    ],
)
async def test_answers_that_are_none(tape: Tape, does: str, sentence: str) -> None:
    """What is wrong with the archive is waited for, and is no fault of the repository."""
    tape.behave(does)
    with pytest.raises(ArchiveUnavailable, match=sentence):
        await tape.tiers.status(["/a"])


async def test_a_program_that_hangs_is_ended_with_its_children(tape: Tape) -> None:
    text = tape.settings.read_text().replace("timeout_s = 60", "timeout_s = 2")
    tape.settings.write_text(text)
    tape.behave(
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['/bin/sleep', '600'])\n"
        f"open({str(tape.folder / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    with pytest.raises(ArchiveUnavailable, match="longer than 2 seconds"):
        await tape.tiers.status(["/a"])
    pids = [int(pid) for pid in (tape.folder / "pids").read_text().split()]
    for _ in range(600):
        if not any(_lives(pid) for pid in pids):
            break
        await asyncio.sleep(0.1)
    assert not any(_lives(pid) for pid in pids)


async def test_a_recall_that_is_refused_asks_a_person(tape: Tape) -> None:
    tape.behave("sys.exit(1)")
    with pytest.raises(RecallFailed, match="asked for files and refused"):
        await tape.tiers.recall(["/a"])
    tape.behave("sys.exit(75)")
    with pytest.raises(ArchiveUnavailable):
        await tape.tiers.recall(["/a"])


async def test_the_program_sees_nothing_of_the_workers_environment(
    tape: Tape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_SECRET", "never")
    tape.behave("import os; sys.exit(9 if 'TRANSFERAPP_SECRET' in os.environ else 0)")
    await tape.tiers.recall(["/a"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "recall: Field required"),
        ("recall = []", "must name a program"),
        ('recall = ["tape"]', "absolute path"),
        ('recall = ["/bin/true"]\nstatus = ["x"]', "absolute path"),
        ('recall = ["/bin/true"]\nshell = true', "shell"),
    ],
)
def test_a_wrong_file_names_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "recall.toml"
    path.write_text(text)
    with pytest.raises(SettingsInvalid) as caught:
        open_tiers(path)
    message = caught.value.message
    assert message.startswith("TRANSFERAPP_RECALL_FILE: ")
    assert sentence in message
    assert ": : " not in message
    assert message.endswith("The administrator of the server has to mend it.")


def test_a_file_that_others_may_write_is_refused(tape: Tape) -> None:
    tape.settings.chmod(0o666)
    with pytest.raises(SettingsInvalid, match="others could change"):
        open_tiers(tape.settings)


async def test_no_program_there(tape: Tape) -> None:
    tape.settings.write_text('recall = ["/no/such/program"]\nstatus = ["/no/such/program"]\n')
    with pytest.raises(ArchiveUnavailable, match="cannot be run"):
        await tape.tiers.status(["/a"])
    assert open_tiers(None) is None


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
