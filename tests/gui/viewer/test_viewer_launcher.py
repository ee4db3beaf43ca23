"""The launcher keeps a viewer process alive; a small script plays the viewer here."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.viewer.launcher import ViewerLauncher
from transferapp.desktop.viewer.messages import Selection

READY = """
import json, os, sys, time
def say(**event):
    print(json.dumps(event), flush=True)
print("libGL: a driver that talks", flush=True)
say(event="ready", renderer="none")
for line in sys.stdin:
    command = json.loads(line)
    with open(os.environ["VIEWER_LOG"], "a") as log:
        log.write(command["command"] + " " + command["token"] + "\\n")
"""
SHOWS = (
    READY
    + """
    if command["command"] == "token":
        say(event="first-pixels", image_id=7, ms=12.5)
        say(event="export", image_id=7, selection={"level": 1, "channels": [0], "region": None})
    elif command["image_id"] == 404:
        say(event="failed", image_id=404, code="image-not-found", message="gone")
    else:
        say(event="token-expired")
"""
)
CRASHES = READY + "    os._exit(11)\n"
NEVER_READY = "import os; os._exit(3)"
NO_OPENGL = 'print(\'{"event":"no-opengl","detail":"offscreen"}\', flush=True)'


@dataclass
class Heard:
    """What listeners were told."""

    pixels: list[tuple[int, float]] = field(default_factory=list)
    exports: list[tuple[int, Selection]] = field(default_factory=list)
    failures: list[tuple[int | None, errors.TransferAppError]] = field(default_factory=list)
    expiries: int = 0

    def expired(self) -> None:
        self.expiries += 1


@dataclass
class Launched:
    """A launcher, what it told, and what its viewer was told."""

    launcher: ViewerLauncher
    heard: Heard
    log: Path

    async def open(self, image_id: int) -> None:
        await self.launcher.open(image_id, "x", "http://s/z", "ta1_secret", time.monotonic())


Launch = Callable[[str], Launched]


@pytest.fixture
async def launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Launch]:
    log = tmp_path / "commands"
    monkeypatch.setenv("VIEWER_LOG", str(log))
    launched: list[ViewerLauncher] = []

    def start(script: str) -> Launched:
        launcher = ViewerLauncher((sys.executable, "-c", script))
        heard = Heard()
        launcher.on_first_pixels(lambda *reported: heard.pixels.append(reported))
        launcher.on_export(lambda *reported: heard.exports.append(reported))
        launcher.on_failed(lambda *reported: heard.failures.append(reported))
        launcher.on_token_expired(heard.expired)
        launched.append(launcher)
        return Launched(launcher, heard, log)

    yield start
    for launcher in launched:
        await launcher.close()
    await loop.cancel_all()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_events_reach_their_listeners(launch: Launch) -> None:
    viewer = launch(SHOWS)
    await viewer.open(7)
    await until(lambda: viewer.heard.expiries)
    await viewer.launcher.renew("ta1_fresh")
    await until(lambda: viewer.heard.exports)
    assert viewer.heard.pixels == [(7, 12.5)]
    assert viewer.heard.exports == [(7, Selection(level=1, channels=[0]))]
    await viewer.open(404)
    await until(lambda: viewer.heard.failures)
    image_id, error = viewer.heard.failures[0]
    assert (image_id, type(error), error.message) == (404, errors.ImageNotFound, "gone")
    assert viewer.log.read_text().split() == [
        *("open", "ta1_secret", "token", "ta1_fresh", "open", "ta1_secret")
    ]


async def test_it_stays_warm_between_images(launch: Launch) -> None:
    viewer = launch(SHOWS)
    await asyncio.gather(viewer.launcher.warm_up(), viewer.launcher.warm_up())
    pid = viewer.launcher.pid
    await viewer.open(7)
    await viewer.open(8)
    assert viewer.launcher.pid == pid


async def test_after_a_crash_it_states_so_and_is_warm_again(launch: Launch) -> None:
    viewer = launch(CRASHES)
    await viewer.launcher.warm_up()
    pid = viewer.launcher.pid
    await viewer.open(7)
    await until(lambda: viewer.heard.failures)
    image_id, error = viewer.heard.failures[0]
    assert (image_id, error.code) == (7, "viewer-unavailable")
    await until(lambda: viewer.launcher.pid not in (None, pid))
    await viewer.launcher.warm_up()


async def test_a_viewer_that_cannot_start_is_not_started_for_ever(launch: Launch) -> None:
    viewer = launch(NEVER_READY)
    with pytest.raises(errors.ViewerUnavailable):
        await viewer.launcher.warm_up()
    await asyncio.sleep(0.5)
    assert viewer.launcher.pid is None


async def test_without_opengl_it_states_so_in_text(launch: Launch) -> None:
    viewer = launch(NO_OPENGL)
    for _ in range(2):
        with pytest.raises(errors.ViewerUnavailable, match="OpenGL"):
            await viewer.open(7)
    assert viewer.launcher.pid is None


async def test_what_is_not_installed_is_reported() -> None:
    launcher = ViewerLauncher(("/nowhere/viewer",))
    with pytest.raises(errors.ViewerUnavailable, match="not installed"):
        await launcher.warm_up()


async def test_close_ends_the_process(launch: Launch) -> None:
    viewer = launch(SHOWS)
    await viewer.launcher.warm_up()
    pid = viewer.launcher.pid
    assert pid is not None
    await viewer.launcher.close()
    assert not psutil.pid_exists(pid)
    assert viewer.heard.failures == []
