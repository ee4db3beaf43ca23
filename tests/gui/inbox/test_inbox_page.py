"""The inbox and the preferences for mail and webhook, as a person uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListView
from pytestqt.modeltest import ModelTester

from tests.support.image_house import NOW, URL, ImageHouse, until
from tests.support.inbox_desk import CODE
from tests.support.qt_story import Story, named, playing
from tests.support.shell_scene import QuietNotifier
from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.inbox.model import InboxModel
from transferapp.desktop.inbox.page import InboxPage
from transferapp.desktop.inbox.presenter import InboxPresenter
from transferapp.desktop.inbox.words import inbox_row
from transferapp.desktop.preferences.page import SettingsPage
from transferapp.desktop.preferences.presenter import SettingsPresenter
from transferapp.desktop.session.remembered import ServerProfile
from transferapp.desktop.shell.main_window import MainWindow
from transferapp.desktop.shell.notifications import NotificationsPresenter
from transferapp.desktop.sign_in.page import SignInPage
from transferapp.desktop.sign_in.presenter import SignInPresenter

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]

LEFT = Qt.MouseButton.LeftButton


class Scene:
    """A window with Inbox and Settings, put together as the desktop does."""

    def __init__(self, folder: Path) -> None:
        self.house = ImageHouse()
        self.desk = self.house.desk
        self.session = self.house.session(folder)
        self.inbox = InboxPresenter(self.session)
        self.went: list[str] = []
        notifications = NotificationsPresenter(self.session, QuietNotifier())
        self.page = InboxPage(self.inbox)
        pages = (self.page, SettingsPage(SettingsPresenter(self.session, notifications)))
        self.window = MainWindow(self.session, SignInPage(SignInPresenter(self.session)), pages)
        window = self.window
        self.page.unread_changed.connect(lambda count: window.show_badge("inbox", count))
        self.inbox.open_requested.listen(self.went.append)
        self.window.show()

    def __getitem__(self, name: str) -> Any:
        return named(self.window, name)

    def click(self, name: str) -> None:
        assert self[name].isEnabled(), name
        QTest.mouseClick(self[name], LEFT)

    def write(self, name: str, text: str) -> None:
        self[name].selectAll()
        QTest.keyClicks(self[name], text)

    @property
    def badge(self) -> str:
        badge: QLabel = self["nav.inbox"].findChild(QLabel)
        return badge.text() if badge.isVisible() else ""

    def titles(self) -> list[str]:
        model = self["inbox.list"].model()
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    def click_row(self, row: int) -> None:
        view: QListView = self["inbox.list"]
        where = view.visualRect(view.model().index(row, 0)).center()
        QTest.mouseClick(view.viewport(), LEFT, pos=where)

    async def come_in(self) -> None:
        await self.session.sign_in(URL, "anna", "pipette", remember=False)
        await until(lambda: self.inbox.loaded)

    async def to_settings(self) -> None:
        await self.come_in()
        self.click("nav.settings")
        await until(self["settings.mailAddress"].isEnabled)

    async def close(self) -> None:
        self.window.hide()
        await loop.cancel_all()
        await self.inbox.close()
        await self.session.close()
        self.window.deleteLater()


Play = Callable[[Story[Scene]], None]


@pytest.fixture
def scene(tmp_path: Path) -> Play:
    return playing(lambda: Scene(tmp_path))


def test_the_badge_counts_and_a_click_goes_to_the_transfer(scene: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.desk.put("t1")
        scene.desk.put("t2", read_at=NOW)
        scene.desk.put("t3", title="Not complete: Run 3", state="failed")
        await scene.come_in()
        assert scene.badge == "2"
        assert scene.titles() == ["Not complete: Run 3", "Imported: Run 2", "Imported: Run 1"]
        scene["inbox.list"].grab()  # Painting must not complain.
        scene.click_row(2)
        await until(lambda: scene.went == ["t1"])
        assert scene.badge == "1"
        await until(lambda: scene.desk.unread == [3])
        QTest.keyClick(scene["inbox.list"], Qt.Key.Key_Up)
        QTest.keyClick(scene["inbox.list"], Qt.Key.Key_Return)
        await until(lambda: scene.went == ["t1", "t2"])

    scene(story)


def test_only_the_new_ones_and_all_read(scene: Play) -> None:
    async def story(scene: Scene) -> None:
        for number in range(60):
            scene.desk.put(read_at=NOW if number % 2 else None)
        await scene.come_in()
        assert (scene.badge, len(scene.titles())) == ("30", 50)
        scene.click("inbox.more")
        await until(lambda: len(scene.titles()) == 60)
        assert not scene["inbox.more"].isVisible()
        scene.click("inbox.filter.new")
        assert len(scene.titles()) == 30
        scene.click("inbox.markAllRead")
        await until(lambda: scene.badge == "")
        assert scene.titles() == []
        assert not scene["inbox.markAllRead"].isEnabled()
        assert scene.desk.unread == []

    scene(story)


def test_an_outage_is_said_and_what_is_known_stays(scene: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.desk.put("t1")
        await scene.come_in()
        scene.house.go_down()
        scene.click("inbox.refresh")
        await until(scene["inbox.notice"].isVisible)
        assert len(scene.titles()) == 1
        scene.click("inbox.markAllRead")
        await until(scene["inbox.banner"].isVisible)
        assert scene.badge == "1"

    scene(story)


def test_the_model_keeps_qts_rules(tmp_path: Path, qtmodeltester: ModelTester) -> None:
    del tmp_path
    desk, model = ImageHouse().desk, InboxModel()
    rows = [inbox_row(desk.put(), NOW, is_unread=True) for _ in range(5)]
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    model.show_rows(rows)
    model.show_rows([replace(row, is_unread=False) for row in rows])
    model.show_rows(rows[1:])
    assert model.rowCount() == 4
    spoken = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("New. Imported: Run 2")


def test_a_mail_address_is_proved_by_its_code(scene: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.to_settings()
        assert not scene["settings.mail"].isEnabled()
        assert not scene["settings.code"].isVisible()
        scene.write("settings.mailAddress", "anna@example.org")
        scene.click("settings.sendCode")
        await until(scene["settings.code"].isVisible)
        assert "anna@example.org" in scene["settings.mailState"].text()
        assert scene["settings.mail"].isChecked()
        assert not scene["settings.testMail"].isEnabled()
        scene.write("settings.code", "1")
        scene.click("settings.confirm")
        await until(scene["settings.wishes.banner"].isVisible)
        scene.write("settings.code", CODE)
        scene.click("settings.confirm")
        await until(lambda: not scene["settings.code"].isVisible())
        assert scene["settings.mailState"].text() == "anna@example.org is confirmed."
        assert not scene["settings.sendCode"].isEnabled()
        scene.click("settings.testMail")
        await until(lambda: scene.desk.tried == ["mail"])
        scene["settings.mail"].click()
        await until(lambda: scene.desk.view.channels == ["inbox"])
        assert scene.desk.view.address == "anna@example.org"

    scene(story)


def test_a_webhooks_secret_is_shown_once_and_its_test_says_what_came(scene: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.to_settings()
        scene.write("settings.webhookUrl", "https://hooks.example.org/ta")
        assert not scene["settings.testWebhook"].isEnabled()
        scene.click("settings.saveWebhook")
        await until(scene["settings.secret"].isVisible)
        assert scene["settings.secret"].text() == "whsec_abc"
        scene.click("settings.copySecret")
        assert QGuiApplication.clipboard().text() == "whsec_abc"
        banner = scene["settings.wishes.banner.title"]
        scene.click("settings.testWebhook")
        await until(lambda: banner.text() == "The test was sent")
        scene.desk.trial_error = errors.Unavailable("The webhook answers 503.")
        scene.click("settings.testWebhook")
        text = scene["settings.wishes.banner.text"]
        await until(lambda: text.text() == "The webhook answers 503.")
        await scene.session.sign_out()
        assert scene["settings.secret"].text() == ""

    scene(story)


def test_topics_are_saved_at_once_and_a_refusal_goes_back(scene: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.to_settings()
        assert scene["settings.topic.done"].isChecked()
        scene["settings.topic.done"].click()
        scene["settings.topic.cancelled"].click()
        await until(lambda: sorted(scene.desk.view.topics) == ["attention", "failed"])
        scene.house.go_down()
        scene["settings.topic.failed"].click()
        await until(scene["settings.wishes.banner"].isVisible)
        await until(scene["settings.topic.failed"].isChecked)

    scene(story)


def test_a_server_is_forgotten_after_a_question(scene: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.to_settings()
        assert not scene["settings.otherServers"].isVisible()
        other = ServerProfile("https://old.example.org", "anna")
        settings = scene.session.settings
        profiles = (*settings.profiles, other)
        await scene.session.save_settings(replace(settings, profiles=profiles))
        assert scene["settings.otherServers"].currentText() == other.url
        scene.click("settings.forgetServer")
        scene.click("confirm.cancel")
        assert other in scene.session.settings.profiles
        scene.click("settings.forgetServer")
        dialogs = [w for w in QApplication.topLevelWidgets() if w.objectName() == "confirm"]
        dialog = next(w for w in dialogs if w.isVisible())
        QTest.mouseClick(named(dialog, "confirm.yes"), LEFT)
        await until(lambda: other not in scene.session.settings.profiles)
        assert not scene["settings.otherServers"].isVisible()
        assert [p.url for p in scene.session.settings.profiles] == [URL]

    scene(story)
