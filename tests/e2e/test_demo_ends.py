"""Ctrl-C ends the demo at once and leaves nothing behind; so does closing the window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from transferapp.sandbox.demo.screen import PrivateScreen

DEMO = [sys.executable, "-m", "transferapp.sandbox.demo"]
COMMAND = [sys.executable, "-m", "transferapp", "demo"]

pytestmark = [pytest.mark.screen, pytest.mark.slow, pytest.mark.timeout(150)]


def left_behind(folder: Path) -> list[str]:
    """Processes that still work for the demo whose temporary folder this was."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in process.environ().get("TRANSFERAPP_HOME", ""):
                found.append(" ".join(process.cmdline()))
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def start(
    folder: Path, environment: dict[str, str], *arguments: str, command: list[str] = DEMO
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, *arguments],
        env={**os.environ, **environment, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if text in line:
            return
    raise AssertionError(f"the demo ended before it said {text!r}:\n{read}")


def end(process: subprocess.Popen[str], how: signal.Signals) -> int:
    process.send_signal(how)
    process.communicate(timeout=60)
    return process.returncode


@pytest.mark.parametrize(
    ("command", "how"),
    [(DEMO, signal.SIGINT), (DEMO, signal.SIGTERM), (COMMAND, signal.SIGTERM)],
    ids=["interrupt", "terminate", "terminate the command"],
)
def test_interrupted_in_the_middle(
    short_path: Path, command: list[str], how: signal.Signals
) -> None:
    out = ("--headless", "--out", str(short_path / "out"))
    process = start(short_path, {}, *out, command=command)
    read_until(process, "drops the folder")
    assert left_behind(short_path), "the test does not see the demo's processes"
    assert end(process, how) == 130
    assert left_behind(short_path) == []
    assert [path.name for path in short_path.iterdir()] == ["out"]


def test_opens_on_a_screen_and_ends_with_ctrl_c(short_path: Path) -> None:
    home = short_path / "s"
    home.mkdir()
    work = short_path / "w"
    work.mkdir()
    with PrivateScreen(home) as screen:
        process = start(work, screen.environment)
        read_until(process, "press Ctrl-C")
        until = time.monotonic() + 60
        while not any("desktop" in line for line in left_behind(work)):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert end(process, signal.SIGINT) == 130
    assert left_behind(work) == []
    assert list(work.iterdir()) == []
