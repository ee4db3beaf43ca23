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

from tests.support.image_env import until
from tests.support.shell_env import Env, Play
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
    async def story(env: Env) -> None:
        assert env.window.current_page == "sign-in"
        env.fill_in()
        QTest.keyClick(env["signIn.password"], Qt.Key.Key_Return)
        await until(env["nav.browse"].isVisible)
        assert env.window.current_page == "browse"
        assert env["header.person"].text() == "Anna Weber"
        assert env["header.connection"].text() == "Connected"
        await until(lambda: env["signIn.password"].text() == "")

    shell(story)


def test_a_wrong_password_is_stated_in_the_page_and_can_be_typed_again(shell: Play) -> None:
    async def story(env: Env) -> None:
        env.window.activateWindow()
        env.fill_in("wrong")
        submit, seen = env["signIn.submit"], []
        env.sign_in.changed.listen(lambda: seen.append((submit.text(), submit.isEnabled())))
        env.click("signIn.submit")
        await until(env["signIn.banner"].isVisible)
        assert seen == [("Signing in…", False), ("Sign in", True)]
        assert env["signIn.banner.title"].text() == "Sign-in failed"
        assert "Caps Lock" in env["signIn.banner.text"].text()
        assert env["signIn.password"].selectedText()
        await env.come_in()
        assert not env["signIn.banner"].isVisible()

    shell(story)


def test_server_down_and_not_a_transferapp_server_are_stated(shell: Play) -> None:
    async def story(env: Env) -> None:
        env.env.down = True
        env.fill_in()
        env.click("signIn.submit")
        title = env["signIn.banner.title"]
        await until(lambda: title.text() == "The server does not answer")
        env.env.down = False
        env.env.answer = lambda _request: httpx.Response(200, text="<html>Login</html>")
        env.click("signIn.submit")
        await until(lambda: "Something other" in env["signIn.banner.text"].text())
        env.env.answer = None
        await env.come_in()

    shell(story)


def test_caps_lock_is_noticed_while_the_password_is_typed(shell: Play) -> None:
    async def story(env: Env) -> None:
        field, hint = env["signIn.password"], env["signIn.capsLock"]
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier)
        assert not hint.isVisible()
        QTest.keyClicks(field, "A")  # A capital without Shift.
        await asyncio.sleep(0)
        assert hint.isVisible()

    shell(story)


def test_tab_goes_from_server_to_sign_in_in_reading_order(shell: Play) -> None:
    async def story(env: Env) -> None:
        order = ["signIn.server", "signIn.user", "signIn.password", "signIn.remember"]
        widgets = [env[name] for name in order]
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
    async def story(env: Env) -> None:
        await env.come_in()
        cards = env["browse.images"]
        cards.setCurrentIndex(cards.model().index(1, 0))
        await until(lambda: env["browse.imageName"].text() == "green")
        await until(lambda: "day 1/green.tif" in text(env["browse.details"]))
        assert env["browse.export"].isEnabled()
        cards.selectAll()
        await until(lambda: env["browse.export"].text() == "Export 3…")
        assert env["browse.imageName"].text() == "green"  # The one clicked last stays.
        assert env["browse.selectedCount"].text() == "and 2 more selected"

    shell(story)


def text(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def test_the_tree_opens_lazily_and_narrows_the_list(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()
        tree = env["browse.tree"]
        flies = tree.model().index(1, 0)
        assert tree.model().hasChildren(flies)
        assert tree.model().rowCount(flies) == 0
        tree.expand(flies)
        await until(lambda: tree.model().rowCount(flies) == 1)
        tree.setCurrentIndex(tree.model().index(0, 0, flies))
        await until(lambda: env["browse.listTitle"].text() == "Flies / Embryos")
        QTest.keyClicks(env["browse.search"], "gre")
        await until(lambda: env["browse.images"].model().rowCount() == 1)

    shell(story)


def test_napari_states_when_it_shows_and_when_it_cannot(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()
        assert env.viewer.warm == 1
        cards = env["browse.images"]
        cards.setCurrentIndex(cards.model().index(0, 0))
        await until(env["browse.openInNapari"].isEnabled)
        env.click("browse.openInNapari")
        await until(lambda: env.viewer.opened == [1])
        assert env["browse.openInNapari"].text() == "Opening…"
        env.viewer.gate.set()
        await until(lambda: "0.6 s" in env["browse.viewerNote"].text())
        env.viewer.error = errors.ViewerUnavailable("No OpenGL here.")
        env.click("browse.openInNapari")
        await until(lambda: "No OpenGL" in env["browse.banner.text"].text())
        assert env["browse.openInNapari"].isEnabled()

    shell(story)


def test_a_new_dataset_is_made_and_shown_and_a_taken_name_is_stated(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()
        cast("BrowsePage", env.window.findChild(BrowsePage)).ask_new(ContainerKind.DATASET)
        QTest.keyClicks(env["newContainer.name"], "Embryos")
        env["newContainer.project"].setCurrentIndex(0)
        env.click("newContainer.create")
        banner = env["newContainer.banner.title"]
        await until(lambda: banner.text() == "This name is already used")
        env["newContainer.name"].selectAll()
        QTest.keyClicks(env["newContainer.name"], "Legs")
        env.click("newContainer.create")
        await until(lambda: env["browse.listTitle"].text() == "Flies / Legs")

    shell(story)


def test_an_outage_shows_in_the_header_and_goes_away(
    shell: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.client.events.RECONNECTS", Backoff(0.01, 0.01))

    async def story(env: Env) -> None:
        await env.come_in()
        await until(lambda: env.session.settings.seen_events)
        env.env.go_down()
        await until(lambda: "does not answer" in env["header.connection"].text())
        env.click("browse.refresh")
        await until(env["browse.banner"].isVisible)
        assert env["browse.images"].model().rowCount() == 3  # What is known stays.
        env.env.down = False
        await until(lambda: env.session.connection is Connection.ONLINE)
        env.click("browse.refresh")
        await until(lambda: not env["browse.banner"].isVisible())

    shell(story)


def test_signing_out_comes_back_to_the_first_page(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()
        env.click("nav.settings")
        await until(lambda: env["settings.person"].text() == "Anna Weber (anna)")
        env.click("settings.signOut")
        await until(lambda: env.window.current_page == "sign-in")

    shell(story)


def test_settings_are_saved_at_once(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()
        env.click("nav.settings")
        assert env["settings.notifications"].isChecked()
        env["settings.notifications"].click()
        await until(lambda: not env.session.settings.notifications)
        env.click("settings.tryNotification")
        answer = env["settings.tryAnswer"]
        await until(lambda: "shows no notifications" in answer.text())

    shell(story)


def test_files_dropped_anywhere_are_handed_on_only_when_signed_in(shell: Play) -> None:
    async def story(env: Env) -> None:
        dropped: list[object] = []
        env.window.files_dropped.connect(dropped.append)
        assert not drop(env.window, "/data/a.tif")
        await env.come_in()
        assert drop(env.window, "/data/a.tif")
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
    async def story(env: Env) -> None:
        requested: list[bool] = []
        env.window.close_requested.connect(lambda: requested.append(True))
        env.window.close()
        assert requested == [True]
        assert env.window.isVisible()
        await env.come_in()
        for tool in env.window.findChildren(QToolButton):
            if tool.parent() is not None and not isinstance(tool.parent(), QLineEdit):
                assert tool.text() or tool.accessibleName(), tool.objectName()

    shell(story)


def test_an_error_that_nobody_took_is_shown(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()

        async def fail() -> None:
            raise errors.StorageFull

        loop.spawn(fail(), on_error=env.window.banner.show_error)
        await until(env["main.banner"].isVisible)
        assert env["main.banner.title"].text() == "The disk is full"
        env.click("main.banner.close")
        assert not env["main.banner"].isVisible()

    shell(story)


def test_badges_count(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()
        badge = cast("QLabel", env["nav.browse"].findChild(QLabel))
        env.window.show_badge("browse", 120)
        assert (badge.text(), badge.isVisible()) == ("99+", True)
        env.window.show_badge("browse", 0)
        assert not badge.isVisible()

    shell(story)
