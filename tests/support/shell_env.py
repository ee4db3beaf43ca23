"""The whole window on an in-memory server, for tests that act as a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from typing_extensions import override

from tests.support.image_env import URL, ImageEnv, image, until
from tests.support.qt_story import Story, named
from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.browse.page import BrowsePage
from transferapp.desktop.browse.presenter import BrowseParts, BrowsePresenter
from transferapp.desktop.preferences.page import SettingsPage
from transferapp.desktop.preferences.presenter import SettingsPresenter
from transferapp.desktop.session.presenter import SessionPresenter
from transferapp.desktop.shell.main_window import MainWindow
from transferapp.desktop.shell.notifications import NotificationsPresenter
from transferapp.desktop.sign_in.page import SignInPage
from transferapp.desktop.sign_in.presenter import SignInPresenter
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.notify.port import Notification, Notifier

PASSWORD = "pipette"
FLIES = ContainerRef(ContainerKind.PROJECT, 1)
EMBRYOS = ContainerRef(ContainerKind.DATASET, 2)


class QuietNotifier(Notifier):
    """Shows nothing and says so."""

    @override
    async def report(
        self, notification: Notification, on_open: Callable[[str], None] | None = None
    ) -> bool:
        del notification, on_open
        return False

    @override
    async def aclose(self) -> None:
        """Nothing to close."""


class SlowViewer:
    """A viewer that shows an image when it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.error: errors.TransferAppError | None = None
        self.opened: list[int] = []
        self.warm = 0

    def warm_up(self) -> None:
        self.warm += 1

    async def open(self, image_id: int, _name: str) -> float:
        self.opened.append(image_id)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return 640.0


class BlackTiles:
    """Tiles that never come."""

    async def tile(self, _region: object) -> Any:
        await asyncio.Event().wait()


class Env:
    """A window on an image house."""

    def __init__(self, folder: Path) -> None:
        self.env = ImageEnv()
        self.env.add(FLIES, "Flies")
        self.env.add(EMBRYOS, "Embryos", FLIES)
        self.env.put_images(EMBRYOS, image(1, "red"), image(2, "green"), image(3, "blue"))
        self.session: SessionPresenter = self.env.session(folder)
        self.sign_in = SignInPresenter(self.session)
        self.viewer = SlowViewer()
        parts = BrowseParts(self.viewer, lambda _server, _pixels: BlackTiles())
        self.browse = BrowsePresenter(self.session, parts)
        notifications = NotificationsPresenter(self.session, QuietNotifier())
        pages = (
            BrowsePage(self.browse),
            SettingsPage(SettingsPresenter(self.session, notifications)),
        )
        self.window = MainWindow(self.session, SignInPage(self.sign_in), pages)
        self.window.show()

    def __getitem__(self, name: str) -> Any:
        return named(self.window, name)

    def click(self, name: str) -> None:
        QTest.mouseClick(self[name], Qt.MouseButton.LeftButton)

    def fill_in(self, password: str = PASSWORD) -> None:
        for name, text in (
            ("signIn.server", URL),
            ("signIn.user", "anna"),
            ("signIn.password", password),
        ):
            self[name].clear()
            QTest.keyClicks(self[name], text)

    async def come_in(self) -> None:
        self.fill_in()
        self.click("signIn.submit")
        await until(lambda: self.session.signed_in)
        await until(lambda: self["browse.images"].model().rowCount() == 3)

    async def close(self) -> None:
        self.window.hide()
        await loop.cancel_all()
        await self.browse.close()
        await self.session.close()
        self.window.deleteLater()


Play = Callable[[Story[Env]], None]
