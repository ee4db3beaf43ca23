"""The window as a person meets it: sign in, move about, lose the server, close."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import cast

import httpx
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QToolButton, QWidget

from tests.support.image_house import until
from tests.support.shell_scene import Play, Scene
from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.browse.page import BrowsePage
from transferapp.desktop.session.presenter import Connection
from transferapp.host.backoff import Backoff
from transferapp.model.containers import ContainerKind

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]

LEFT = Qt.MouseButton.LeftButton


def test_enter_signs_in_and_the_pages_come(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        assert scene.window.current_page == "sign-in"
        scene.fill_in()
        QTest.keyClick(scene["signIn.password"], Qt.Key.Key_Return)
        await until(scene["nav.browse"].isVisible)
        assert scene.window.current_page == "browse"
        assert scene["header.person"].text() == "Anna Weber"
        assert scene["header.connection"].text() == "Connected"
        await until(lambda: scene["signIn.password"].text() == "")

    shell(story)


def test_a_wrong_password_is_said_in_the_page_and_can_be_typed_again(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.window.activateWindow()
        scene.fill_in("wrong")
        submit, seen = scene["signIn.submit"], []
        scene.sign_in.changed.listen(lambda: seen.append((submit.text(), submit.isEnabled())))
        scene.click("signIn.submit")
        await until(scene["signIn.banner"].isVisible)
        assert seen == [("Signing in…", False), ("Sign in", True)]
        assert scene["signIn.banner.title"].text() == "Sign-in failed"
        assert "Caps Lock" in scene["signIn.banner.text"].text()
        assert scene["signIn.password"].selectedText()
        await scene.come_in()
        assert not scene["signIn.banner"].isVisible()

    shell(story)


def test_server_down_and_not_a_transferapp_server_are_said(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.house.down = True
        scene.fill_in()
        scene.click("signIn.submit")
        title = scene["signIn.banner.title"]
        await until(lambda: title.text() == "The server does not answer")
        scene.house.down = False
        scene.house.answer = lambda _request: httpx.Response(200, text="<html>Login</html>")
        scene.click("signIn.submit")
        await until(lambda: "Something other" in scene["signIn.banner.text"].text())
        scene.house.answer = None
        await scene.come_in()

    shell(story)


def test_caps_lock_is_noticed_while_the_password_is_typed(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        field, hint = scene["signIn.password"], scene["signIn.capsLock"]
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier)
        assert not hint.isVisible()
        QTest.keyClicks(field, "A")  # A capital without Shift.
        await asyncio.sleep(0)
        assert hint.isVisible()

    shell(story)


def test_tab_goes_from_server_to_sign_in_in_reading_order(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        order = ["signIn.server", "signIn.user", "signIn.password", "signIn.remember"]
        widgets = [scene[name] for name in order]
        widgets[0].setFocus()
        for now, after in pairwise(widgets):
            assert next_in_chain(now) is after

    shell(story)


def next_in_chain(widget: QWidget) -> QWidget:
    following: QWidget = cast("QWidget", widget.nextInFocusChain())
    while not (following.focusPolicy() & Qt.FocusPolicy.TabFocus and following.isVisible()):
        following = cast("QWidget", following.nextInFocusChain())
    return following


def test_selecting_shows_details_and_several_are_counted(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()
        cards = scene["browse.images"]
        cards.setCurrentIndex(cards.model().index(1, 0))
        await until(lambda: scene["browse.imageName"].text() == "green")
        await until(lambda: "day 1/green.tif" in words(scene["browse.details"]))
        assert scene["browse.export"].isEnabled()
        cards.selectAll()
        await until(lambda: scene["browse.export"].text() == "Export 3…")
        assert scene["browse.imageName"].text() == "green"  # The one clicked last stays.
        assert scene["browse.selectedCount"].text() == "and 2 more selected"

    shell(story)


def words(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def test_the_tree_opens_lazily_and_narrows_the_list(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()
        tree = scene["browse.tree"]
        flies = tree.model().index(1, 0)
        assert tree.model().hasChildren(flies)
        assert tree.model().rowCount(flies) == 0
        tree.expand(flies)
        await until(lambda: tree.model().rowCount(flies) == 1)
        tree.setCurrentIndex(tree.model().index(0, 0, flies))
        await until(lambda: scene["browse.listTitle"].text() == "Flies / Embryos")
        QTest.keyClicks(scene["browse.search"], "gre")
        await until(lambda: scene["browse.images"].model().rowCount() == 1)

    shell(story)


def test_napari_says_when_it_shows_and_when_it_cannot(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()
        assert scene.viewer.warm == 1
        cards = scene["browse.images"]
        cards.setCurrentIndex(cards.model().index(0, 0))
        await until(scene["browse.openInNapari"].isEnabled)
        scene.click("browse.openInNapari")
        await until(lambda: scene.viewer.opened == [1])
        assert scene["browse.openInNapari"].text() == "Opening…"
        scene.viewer.gate.set()
        await until(lambda: "0.6 s" in scene["browse.viewerNote"].text())
        scene.viewer.error = errors.ViewerUnavailable("No OpenGL here.")
        scene.click("browse.openInNapari")
        await until(lambda: "No OpenGL" in scene["browse.banner.text"].text())
        assert scene["browse.openInNapari"].isEnabled()

    shell(story)


def test_a_new_dataset_is_made_and_shown_and_a_taken_name_is_said(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()
        cast("BrowsePage", scene.window.findChild(BrowsePage)).ask_new(ContainerKind.DATASET)
        QTest.keyClicks(scene["newContainer.name"], "Embryos")
        scene["newContainer.project"].setCurrentIndex(0)
        scene.click("newContainer.create")
        banner = scene["newContainer.banner.title"]
        await until(lambda: banner.text() == "This name is already used")
        scene["newContainer.name"].selectAll()
        QTest.keyClicks(scene["newContainer.name"], "Legs")
        scene.click("newContainer.create")
        await until(lambda: scene["browse.listTitle"].text() == "Flies / Legs")

    shell(story)


def test_an_outage_shows_in_the_header_and_goes_away(
    shell: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.client.events.RECONNECTS", Backoff(0.01, 0.01))

    async def story(scene: Scene) -> None:
        await scene.come_in()
        await until(lambda: scene.session.settings.seen_events)
        scene.house.go_down()
        await until(lambda: "does not answer" in scene["header.connection"].text())
        scene.click("browse.refresh")
        await until(scene["browse.banner"].isVisible)
        assert scene["browse.images"].model().rowCount() == 3  # What is known stays.
        scene.house.down = False
        await until(lambda: scene.session.connection is Connection.ONLINE)
        scene.click("browse.refresh")
        await until(lambda: not scene["browse.banner"].isVisible())

    shell(story)


def test_signing_out_comes_back_to_the_first_page(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()
        scene.click("nav.settings")
        await until(lambda: scene["settings.person"].text() == "Anna Weber (anna)")
        scene.click("settings.signOut")
        await until(lambda: scene.window.current_page == "sign-in")

    shell(story)


def test_settings_are_saved_at_once(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()
        scene.click("nav.settings")
        assert scene["settings.notifications"].isChecked()
        scene["settings.notifications"].click()
        await until(lambda: not scene.session.settings.notifications)
        scene.click("settings.tryNotification")
        answer = scene["settings.tryAnswer"]
        await until(lambda: "shows no notifications" in answer.text())

    shell(story)


def test_files_dropped_anywhere_are_handed_on_only_when_signed_in(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        dropped: list[object] = []
        scene.window.files_dropped.connect(dropped.append)
        assert not drop(scene.window, "/data/a.tif")
        await scene.come_in()
        assert drop(scene.window, "/data/a.tif")
        assert dropped == [[Path("/data/a.tif")]]

    shell(story)


def drop(window: QWidget, path: str) -> bool:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path)])
    rest = (Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(9, 9), *rest)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(9, 9), *rest))
    return enter.isAccepted()


def test_closing_asks_the_owner_and_every_control_has_a_name(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        requested: list[bool] = []
        scene.window.close_requested.connect(lambda: requested.append(True))
        scene.window.close()
        assert requested == [True]
        assert scene.window.isVisible()
        await scene.come_in()
        for tool in scene.window.findChildren(QToolButton):
            if tool.parent() is not None and not isinstance(tool.parent(), QLineEdit):
                assert tool.text() or tool.accessibleName(), tool.objectName()

    shell(story)


def test_an_error_that_nobody_took_is_shown(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()

        async def fail() -> None:
            raise errors.StorageFull

        loop.spawn(fail(), on_error=scene.window.banner.show_error)
        await until(scene["main.banner"].isVisible)
        assert scene["main.banner.title"].text() == "The disk is full"
        scene.click("main.banner.close")
        assert not scene["main.banner"].isVisible()

    shell(story)


def test_badges_count(shell: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.come_in()
        badge = cast("QLabel", scene["nav.browse"].findChild(QLabel))
        scene.window.show_badge("browse", 120)
        assert (badge.text(), badge.isVisible()) == ("99+", True)
        scene.window.show_badge("browse", 0)
        assert not badge.isVisible()

    shell(story)
