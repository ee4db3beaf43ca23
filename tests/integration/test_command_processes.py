"""Programs under their guard: real processes, and none is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.command_env import alive, gone, pids_of
from transferapp.commands.process import Ended, Launch, run_guarded


def launch(script: str, **more: object) -> Launch:
    values: dict[str, object] = {
        "argv": ("/bin/sh", "-c", script),
        "environment": {},
        "folder": None,
        "timeout_s": 20.0,
        "grace_s": 1.0,
        "nice": 5,
    }
    return Launch(**{**values, **more})  # type: ignore[arg-type]  # a few of them


class Printed:
    """Collects what a program prints."""

    def __init__(self) -> None:
        self.data = b""

    async def take(self, piece: bytes) -> None:
        self.data += piece

    @property
    def text(self) -> str:
        return self.data.decode()

    async def until(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.text:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def run(script: str, **more: object) -> tuple[Ended, str]:
    printed = Printed()
    return await run_guarded(launch(script, **more), printed.take), printed.text


@pytest.mark.parametrize(
    ("script", "exit_code"), [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", -9)]
)
async def test_how_it_ended(script: str, exit_code: int) -> None:
    assert await run(script) == (Ended(exit_code), "")


async def test_it_begins_with_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_DATABASE_URL", "postgresql://u:hush@h/d")
    _, text = await run("env; ls /proc/$$/fd; cat; nice; echo err >&2; ps -o sid= -p $$")
    lines = text.splitlines()
    names = {line.split("=")[0] for line in lines if "=" in line}
    assert names == {"PATH", "LANG", "HOME", "TMPDIR", "PWD"}
    assert [line for line in lines if line.isdigit()][:3] == ["0", "1", "2"]
    assert "err" in lines
    assert str(os.nice(0) + 5) in lines
    assert int(lines[-1]) != os.getsid(0)


async def test_what_it_leaves_running_ends_with_it() -> None:
    script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo pid $$; sleep 60' & sleep 0.3"
    ended, text = await run(script, grace_s=0.2)
    assert ended == Ended(0)
    assert len(pids_of(text)) == 1
    assert not any(alive(pid) for pid in pids_of(text))


async def test_a_polite_program_may_clean_up() -> None:
    printed = Printed()
    script = "trap 'echo cleaned; exit 3' TERM; echo up; while :; do sleep 0.05; done"
    running = asyncio.create_task(run_guarded(launch(script), printed.take))
    await printed.until("up")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    # The shell may say besides that its sleep was ended.
    assert printed.text.endswith("cleaned\n")


async def test_time_out_is_reported() -> None:
    ended, text = await run("echo up; sleep 60", timeout_s=0.5)
    assert ended == Ended(-signal.SIGTERM, timed_out=True)
    assert text == "up\n"


async def test_a_program_that_waits_for_input_gets_none() -> None:
    assert await run("read word; echo got $?", timeout_s=5.0) == (Ended(0), "got 1\n")


async def test_more_output_than_pipes_hold_arrives_whole() -> None:
    _, text = await run("yes 0123456789 | head -c 1000000")
    assert len(text) == 1_000_000


async def test_a_killed_guard_takes_the_program_along() -> None:
    printed = Printed()
    running = asyncio.create_task(
        run_guarded(launch("echo pid $$; exec sleep 60"), printed.take)
    )
    await printed.until("pid")
    (pid,) = pids_of(printed.text)
    guard = psutil.Process(pid).parent()
    assert guard is not None
    guard.kill()
    ended = await asyncio.wait_for(running, 10)
    assert ended.error == "The process that watched over it was killed."
    await gone(pid)


async def test_a_folder_of_its_own_is_private_and_removed(tmp_path: Path) -> None:
    _, text = await run("pwd; stat -c %a .; touch left; mkdir -p a/b; chmod 500 a")
    folder, mode = text.split()
    assert stat.S_IMODE(int(mode, 8)) == 0o700
    assert not await asyncio.to_thread(Path(folder).exists)
    ended, text = await run("pwd; touch kept", folder=tmp_path)
    assert (ended, text) == (Ended(0), f"{tmp_path}\n")
    assert (tmp_path / "kept").exists()


async def test_what_cannot_be_run_is_named(tmp_path: Path) -> None:
    file = tmp_path / "no-program"
    file.write_text("text")
    for argv, text in (
        (("/nowhere/x",), "No such file or directory: /nowhere/x"),
        ((str(file),), f"Permission denied: {file}"),
    ):
        ended, _ = await run("", argv=argv)
        assert ended == Ended(None, error=text)
    ended, _ = await run("true", folder=tmp_path / "gone")
    assert ended.error == f"No such file or directory: {tmp_path / 'gone'}"


async def test_odd_arguments_arrive_as_they_are() -> None:
    odd = ("", " ", "a\tb", "\u00e4", "--flag", "'\"`$(id)")
    program = (sys.executable, "-c", "import sys; print(sys.argv[1:])")
    _, text = await run("", argv=(*program, *odd))
    assert text == f"{list(odd)}\n"
