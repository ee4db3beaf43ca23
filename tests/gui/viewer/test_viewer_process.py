"""The real napari process on a real X server: pixels soon, no token where others can read."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageGrab

from tests.support.own_display import own_display
from tests.support.preview_images import ArraySource, organoid_image, pyramid_image
from tests.support.preview_server import PreviewServer, serving
from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.viewer.launcher import ViewerLauncher

pytestmark = [pytest.mark.screen, pytest.mark.slow]

#: napari refuses the first image halfway, as it does when one of its own listeners fails.
FAILS_ONCE = """
import os, pathlib
from transferapp.desktop.viewer import process
def broken(*_):
    raise KeyError("half a layer")
def spoiled(self, pipe, window):
    made(self, pipe, window)
    window.show_image = broken
made = process.ViewerProcess.__init__
mark = pathlib.Path(os.environ["MARK"])
if not mark.exists():
    mark.touch()
    process.ViewerProcess.__init__ = spoiled
os._exit(process.main())
"""

TOKEN = "ta1_a-token-that-nobody-may-see"
#: A click should show pixels within about a second; the shared test machines are slow.
FIRST_PIXELS_MS = 4000
WIDTH, HEIGHT = 1280, 900


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with own_display(WIDTH, HEIGHT) as display:
        monkeypatch.setenv("DISPLAY", display)
        monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
        yield display


@pytest.fixture
def server() -> Iterator[PreviewServer]:
    source = ArraySource()
    source.add(*pyramid_image())
    source.add(*organoid_image())
    with serving(source) as server:
        server.tokens = {TOKEN}
        yield server


@pytest.fixture
async def launcher() -> AsyncIterator[ViewerLauncher]:
    launcher = ViewerLauncher()
    yield launcher
    await launcher.close()
    await loop.cancel_all()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def screenshot(display: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return what is on the whole screen, rows x columns x RGB."""
    image = await asyncio.to_thread(ImageGrab.grab, xdisplay=display)
    return np.asarray(image.convert("RGB"))


async def test_pixels_soon_after_the_click(
    display: str, server: PreviewServer, launcher: ViewerLauncher
) -> None:
    pixels: list[tuple[int, float]] = []
    failures: list[errors.TransferAppError] = []
    launcher.on_first_pixels(lambda *reported: pixels.append(reported))
    launcher.on_failed(lambda _image, error: failures.append(error))
    await launcher.warm_up()
    # Warm, but not to be seen.
    assert (await screenshot(display)).max() == 0

    all_ms = []
    for image_id in (10, 11, 10):
        pixels.clear()
        url = server.image_url(image_id)
        await launcher.open(image_id, "a slide", url, TOKEN, time.monotonic())
        await until(lambda: pixels or failures)
        assert failures == []
        assert pixels[0][0] == image_id
        assert 0 < pixels[0][1] < FIRST_PIXELS_MS
        all_ms.append(round(pixels[0][1]))
    print("first pixels, ms:", all_ms)  # noqa: T201

    seen = await screenshot(display)
    canvas = seen[100:700, 450:850]
    # The slide is blue on black: many blue pixels, and hardly any red.
    assert (canvas[..., 2] > 100).mean() > 0.02
    assert (canvas[..., 0] > 100).mean() < 0.01

    process = Path("/proc") / str(launcher.pid)
    assert b"viewer.process" in (process / "cmdline").read_bytes()
    for name in ("cmdline", "environ"):
        assert TOKEN.encode() not in (process / name).read_bytes()
    first_chunk = next(key for key in server.keys if "/c/" in key)
    assert first_chunk.startswith("4/")


async def test_an_expired_token_is_renewed_while_it_reads(
    display: str, server: PreviewServer, launcher: ViewerLauncher
) -> None:
    assert display
    pixels: list[int] = []
    launcher.on_first_pixels(lambda image_id, _ms: pixels.append(image_id))
    renewals: list[str] = []

    def expired() -> None:
        renewals.append("asked")
        loop.spawn(launcher.renew(TOKEN))

    launcher.on_token_expired(expired)
    await launcher.open(11, "organoid", server.image_url(11), "ta1_old", time.monotonic())
    await until(lambda: pixels)
    assert renewals


async def test_what_cannot_be_opened_is_reported(
    display: str, server: PreviewServer, launcher: ViewerLauncher
) -> None:
    assert display
    failures: list[tuple[int | None, str]] = []
    launcher.on_failed(lambda image_id, error: failures.append((image_id, error.code)))
    await launcher.open(99, "gone", server.image_url(99), TOKEN, time.monotonic())
    await until(lambda: failures)
    assert failures == [(99, "image-not-found")]


@pytest.mark.parametrize(("broken", "whole"), [(10, 11), (11, 10)])
async def test_pixels_that_cannot_be_read_are_reported(
    display: str, server: PreviewServer, launcher: ViewerLauncher, broken: int, whole: int
) -> None:
    """napari reads in a thread and keeps its errors: the desktop would wait for a minute."""
    assert display
    pixels: list[int] = []
    failures: list[tuple[int | None, str]] = []
    launcher.on_first_pixels(lambda image_id, _ms: pixels.append(image_id))
    launcher.on_failed(lambda image_id, error: failures.append((image_id, error.code)))
    server.has_pixels = False
    await launcher.open(broken, "broken", server.image_url(broken), TOKEN, time.monotonic())
    await until(lambda: failures)
    assert failures[0] == (broken, errors.RepositoryUnavailable.code)
    # The next one shows, from the same process.
    server.has_pixels = True
    await launcher.open(whole, "whole", server.image_url(whole), TOKEN, time.monotonic())
    await until(lambda: whole in pixels)


async def test_a_viewer_that_napari_spoiled_is_replaced(
    display: str, server: PreviewServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert display
    monkeypatch.setenv("MARK", str(tmp_path / "failed"))
    launcher = ViewerLauncher((sys.executable, "-c", FAILS_ONCE))
    pixels: list[int] = []
    failures: list[str] = []
    launcher.on_first_pixels(lambda image_id, _ms: pixels.append(image_id))
    launcher.on_failed(lambda _image, error: failures.append(error.code))
    try:
        await launcher.open(10, "a slide", server.image_url(10), TOKEN, time.monotonic())
        spoiled = launcher.pid
        await until(lambda: failures)
        assert failures[0] == errors.Internal.code
        await until(lambda: launcher.pid not in (None, spoiled))
        await launcher.open(10, "a slide", server.image_url(10), TOKEN, time.monotonic())
        await until(lambda: pixels)
    finally:
        await launcher.close()
        await loop.cancel_all()


async def test_without_opengl_it_ends_in_text(
    monkeypatch: pytest.MonkeyPatch, launcher: ViewerLauncher
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(errors.ViewerUnavailable, match="OpenGL"):
        await launcher.warm_up()
    assert launcher.pid is None


def test_egl_is_used_where_glx_is_missing() -> None:
    """Qt falls back to EGL by itself; PyOpenGL has to be told."""
    script = (
        "from PySide6.QtWidgets import QApplication; import os\n"
        "from transferapp.desktop.viewer.opengl import prepare_opengl\n"
        "app = QApplication([]); print(bool(prepare_opengl()),"
        " os.environ.get('PYOPENGL_PLATFORM'))"
    )
    seen = {}
    for extension in ("+extension", "-extension"):
        with subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", extension, "GLX"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as xvfb:
            assert xvfb.stdout is not None
            environment = dict(os.environ, QT_QPA_PLATFORM="xcb")
            environment["DISPLAY"] = f":{xvfb.stdout.readline().strip()}"
            answer = subprocess.run(
                [sys.executable, "-c", script],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            seen[extension] = answer.stdout.split()
            xvfb.terminate()
    assert seen == {"+extension": ["True", "None"], "-extension": ["True", "egl"]}
