"""A process that dies is named within seconds: exit code and last line of its log."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from transferapp.model.transfers import TransferKind
from transferapp.sandbox.demo.story import PASSWORD, USERNAME
from transferapp.sandbox.local_installation import InstallationError, LocalInstallation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

#: Only the worker reads it.
DEFECT = {"TRANSFERAPP_HOUSEKEEPING_S": "no number"}
STATED = re.compile(
    r"The worker ended with exit code 1\. The last line of its log: .*A setting is wrong\."
    r" TRANSFERAPP_HOUSEKEEPING_S: "
)
#: Far less than the three minutes that an import may take; processes start within seconds.
SOON_S = 60.0


def test_a_worker_that_dies_at_its_start_is_named(tmp_path: Path) -> None:
    with (
        LocalInstallation(tmp_path / "h", DEFECT) as installation,
        pytest.raises(InstallationError) as reported,
    ):
        installation.start_all()
    assert STATED.match(str(reported.value))


def test_one_that_is_killed_later_is_named_to_who_waits(tmp_path: Path) -> None:
    with LocalInstallation(tmp_path / "h") as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        reported: list[InstallationError] = []
        with installation.watched(reported.append):
            os.kill(installation.pid("worker"), signal.SIGKILL)
            with pytest.raises(InstallationError, match="The worker ended with signal 9"):
                asyncio.run(installation.ended(USERNAME, PASSWORD, TransferKind.IMPORT, 150))
            until = time.monotonic() + 10
            while not reported:
                assert time.monotonic() < until
                time.sleep(0.05)
        assert str(reported[0]).startswith("The worker ended with signal 9")


def demo(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "transferapp.sandbox.demo", "--headless", "--out", str(folder)],
        env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


@pytest.mark.screen
def test_the_demo_states_it_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    with demo(tmp_path / "out", DEFECT) as process:
        stated, _ = process.communicate(timeout=150)
    assert process.returncode == 1
    assert STATED.search(stated)
    assert "Traceback" not in stated
    assert time.monotonic() - began < SOON_S


@pytest.mark.screen
def test_the_demo_stops_in_the_middle_of_a_env(tmp_path: Path) -> None:
    with demo(tmp_path / "out", {}) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "she signs in" in line:
                break
        children = psutil.Process(process.pid).children()
        (worker,) = [one for one in children if one.cmdline()[-1] == "worker"]
        worker.kill()
        began = time.monotonic()
        stated = process.stdout.read()
        assert process.wait(60) == 1
    assert "The worker ended with signal 9" in stated, stated
    assert time.monotonic() - began < SOON_S
