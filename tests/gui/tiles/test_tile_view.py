"""A person looks at an image: overview, sharp, channels, z and t, and what goes wrong."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from tests.support.preview_images import ArraySource, made_image, organoid_image, pyramid_image
from tests.support.preview_server import PreviewServer, serving
from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.tiles.source import ZarrTiles
from transferapp.desktop.tiles.view import TileView
from transferapp.model.images import Pixels, TileRegion

# The offscreen platform says this of every window with a least size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

Play = Callable[[Coroutine[Any, Any, None]], None]


class OneImage:
    """A TileSource over one image of an ArraySource; can fail and be slow."""

    def __init__(self, image: tuple[Pixels, list[npt.NDArray[Any]]]) -> None:
        self.pixels = image[0]
        self.source = ArraySource()
        self.source.add(*image)

    async def tile(self, region: TileRegion) -> npt.NDArray[Any]:
        return await self.source.tile(self.pixels.image_id, region)


@pytest.fixture
def view(qtbot: QtBot) -> TileView:
    view = TileView()
    qtbot.addWidget(view)
    view.resize(600, 500)
    view.show()
    return view


@pytest.fixture
def play(qapp: QApplication, view: TileView) -> Iterator[Play]:
    """Run a coroutine on Qt's loop; fail on any error of a task beside it."""
    event_loop = loop.make_loop(qapp)
    failures: list[BaseException] = []
    loop.handle_errors(failures.append)

    def run(coroutine: Coroutine[Any, Any, None]) -> None:
        async def bounded() -> None:
            try:
                async with asyncio.timeout(60):
                    await coroutine
            finally:
                view.clear()
                await loop.cancel_all()

        event_loop.run_until_complete(bounded())
        assert failures == []

    asyncio.set_event_loop(event_loop)
    yield run
    loop.handle_errors(None)
    asyncio.set_event_loop(None)
    event_loop.close()
    # Timers of the loop must not be collected by whatever thread comes by.
    del run
    gc.collect()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  (there is no event for what is seen)
            await asyncio.sleep(0.01)


def levels_shown(view: TileView) -> set[int]:
    return {place.level for place in view.canvas._items}


def colours(view: TileView) -> npt.NDArray[np.uint8]:
    """The picture as a person sees it, (height, width, RGB)."""
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGBX8888)
    array = np.frombuffer(image.constBits(), np.uint8)
    # A copy: the memory is the image's, which ends here.
    return array.reshape(image.height(), image.bytesPerLine() // 4, 4)[..., :3].copy()


def press(view: TileView, key: Qt.Key) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view.canvas, event)


def channel_button(view: TileView, name: str) -> QToolButton:
    buttons = view.channels.findChildren(QToolButton)
    return next(button for button in buttons if button.text() == name)


def test_overview_then_sharp(play: Play, view: TileView) -> None:
    async def story() -> None:
        slide = OneImage(pyramid_image())
        view.show_image(slide.pixels, slide)
        assert "Loading" in view.notice.text
        await until(lambda: view.canvas.has_tiles)
        assert slide.source.read[0].level == 4
        await until(lambda: levels_shown(view) == {3, 4})
        assert view.notice.text == ""
        blue = colours(view)
        assert blue[..., 2].max() > 200
        assert blue[..., 0].mean() < blue[..., 2].mean()
        press(view, Qt.Key.Key_1)
        await until(lambda: 0 in levels_shown(view))
        assert view.canvas.zoom == pytest.approx(1.0)
        full = [region for region in slide.source.read if region.level == 0]
        assert 0 < len(full) <= 9
        press(view, Qt.Key.Key_F)
        await until(lambda: levels_shown(view) == {3, 4})

    play(story())


def test_wheel_enlarges_around_the_mouse(play: Play, view: TileView) -> None:
    async def story() -> None:
        slide = OneImage(pyramid_image())
        view.show_image(slide.pixels, slide)
        await until(lambda: view.canvas.has_tiles)
        at = QPoint(200, 150)
        zoom = view.canvas.zoom
        before = view.canvas.mapToScene(at)
        for _ in range(4):
            wheel = QWheelEvent(
                QPointF(at),
                view.canvas.viewport().mapToGlobal(QPointF(at)),
                QPoint(),
                QPoint(0, 120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(view.canvas.viewport(), wheel)
        after = view.canvas.mapToScene(at)
        assert view.canvas.zoom == pytest.approx(zoom * 1.25**4)
        assert (after - before).manhattanLength() * view.canvas.zoom < 4

    play(story())


def test_channels_can_be_switched(play: Play, view: TileView) -> None:
    async def story() -> None:
        organoid = OneImage(organoid_image())
        view.show_image(organoid.pixels, organoid)
        await until(lambda: view.canvas.has_tiles)
        mixed = colours(view)
        reads = len(organoid.source.read)
        channel_button(view, "Sox9").click()
        channel_button(view, "E-cadherin").click()
        # What is left is cyan: no red at all but in the scale bar's white.
        await until(lambda: colours(view)[:400, :, 0].max() < 40)
        assert mixed[..., 0].max() > 80
        assert len(organoid.source.read) == reads

    play(story())


def test_sliders_only_where_there_is_a_choice(play: Play, view: TileView) -> None:
    async def story() -> None:
        organoid = OneImage(organoid_image())
        view.show_image(organoid.pixels, organoid)
        assert not view.z_slider.isVisible()
        stack = OneImage(made_image())
        view.show_image(stack.pixels, stack)
        assert view.z_slider.isVisible()
        assert view.t_slider.isVisible()
        await until(lambda: view.canvas.has_tiles)
        assert {(region.t, region.z) for region in stack.source.read} == {(0, 2)}
        stack.source.read.clear()
        press(view, Qt.Key.Key_Period)
        press(view, Qt.Key.Key_PageDown)
        await until(lambda: any((r.t, r.z) == (1, 1) for r in stack.source.read))

    play(story())


def test_a_useless_window_is_replaced_by_automatic_contrast(play: Play, view: TileView) -> None:
    async def story() -> None:
        pixels, levels = made_image(shape=(1, 1, 1, 300, 300), levels=1)
        channel = pixels.channels[0]
        wide = replace(channel, color="FFFFFF", window_end=65535.0)
        dark = OneImage((replace(pixels, channels=(wide,)), levels))
        view.show_image(dark.pixels, dark)
        await until(lambda: view.canvas.has_tiles)
        assert colours(view).max() > 200
        # Switched off, the repository's own window holds again: nearly black.
        press(view, Qt.Key.Key_C)
        await until(lambda: colours(view)[:300].max() < 60)

    play(story())


def test_failure_in_text_and_a_way_on(play: Play, view: TileView) -> None:
    async def story() -> None:
        organoid = OneImage(organoid_image())
        organoid.source.error = errors.ServerUnreachable()
        view.show_image(organoid.pixels, organoid)
        await until(lambda: "does not answer" in view.notice.text)
        assert view.notice._button.isVisible()
        organoid.source.error = None
        view.notice._button.click()
        await until(lambda: view.canvas.has_tiles)
        assert view.notice.text == ""

    play(story())


def test_clear_and_empty_images(play: Play, view: TileView) -> None:
    async def story() -> None:
        organoid = OneImage(organoid_image())
        organoid.source.delay_s = 0.05
        view.show_image(organoid.pixels, organoid)
        await asyncio.sleep(0.02)
        view.clear()
        await asyncio.sleep(0.1)
        assert not view.canvas.has_tiles
        assert view.notice.text == ""
        empty = replace(organoid.pixels, levels=())
        view.show_image(empty, organoid)
        assert "no pixels" in view.notice.text

    play(story())


@pytest.fixture
def server() -> Iterator[PreviewServer]:
    source = ArraySource()
    source.add(*pyramid_image())
    with serving(source) as server:
        yield server


def test_tiles_come_over_http(play: Play, view: TileView, server: PreviewServer) -> None:
    async def story() -> None:
        pixels, levels = server.source.images[10]
        async with httpx.AsyncClient(
            base_url=server.url, headers={"authorization": "Bearer good"}
        ) as http:
            tiles = ZarrTiles(http, pixels)
            edge = TileRegion(3, 0, 0, 0, y=0, x=512, height=500, width=113)
            wanted = levels[3][0, 0, 0, :, 512:]
            assert wanted.any()
            assert np.array_equal(await tiles.tile(edge), wanted)
            view.show_image(pixels, tiles)
            await until(lambda: view.canvas.has_tiles)
            server.tokens.clear()
            view.canvas.one_to_one()
            await until(lambda: "Sign in again" in view.notice.text)

    play(story())
