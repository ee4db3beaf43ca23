"""The desktop as a process: one for each account, a clean end on SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

START = "from transferapp.desktop import app; raise SystemExit(app.run())"
BESIDE = """
from transferapp.desktop import app, loop
def beside(desktop):
    desktop.window.close()  # There is no tray here: closing ends the program.
raise SystemExit(app.run(beside))
"""


def start(home: Path, code: str = START) -> subprocess.Popen[str]:
    environment = {**os.environ, "TRANSFERAPP_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", code],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_of(process: subprocess.Popen[str]) -> int:
    try:
        process.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


def wait_for(path: Path, timeout_s: float = 60) -> None:
    until = time.monotonic() + timeout_s
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.02)


def test_a_second_start_shows_the_first_and_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    first = start(tmp_path)
    try:
        wait_for(tmp_path / "run" / "desktop.sock")
        assert end_of(start(tmp_path)) == 0
        assert first.poll() is None
        first.send_signal(signal.SIGTERM)
        _, complaints = first.communicate(timeout=90)
    finally:
        first.kill()
    assert first.returncode == 0
    assert "Traceback" not in complaints, complaints
    assert not (tmp_path / "run" / "desktop.sock").exists()


def test_what_a_crashed_desktop_left_does_not_hinder(tmp_path: Path) -> None:
    first = start(tmp_path)
    wait_for(tmp_path / "run" / "desktop.sock")
    first.kill()
    first.communicate(timeout=90)
    assert (tmp_path / "run" / "desktop.sock").exists()
    second = start(tmp_path, BESIDE)
    _, complaints = second.communicate(timeout=90)
    assert second.returncode == 0, complaints
    assert "Traceback" not in complaints, complaints
