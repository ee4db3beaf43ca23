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

from tests.support.image_env import NOW, URL, ImageEnv, until
from tests.support.inbox_env import CODE
from tests.support.qt_story import Story, named, playing
from tests.support.shell_env import QuietNotifier
from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.inbox.model import InboxModel
from transferapp.desktop.inbox.page import InboxPage
from transferapp.desktop.inbox.presenter import InboxPresenter
from transferapp.desktop.inbox.texts import inbox_row
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


class Env:
    """A window with Inbox and Settings, put together as the desktop does."""

    def __init__(self, folder: Path) -> None:
        self.env = ImageEnv()
        self.inbox_env = self.env.inbox_env
        self.session = self.env.session(folder)
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


Play = Callable[[Story[Env]], None]


@pytest.fixture
def env(tmp_path: Path) -> Play:
    return playing(lambda: Env(tmp_path))


def test_the_badge_counts_and_a_click_goes_to_the_transfer(env: Play) -> None:
    async def story(env: Env) -> None:
        env.inbox_env.put("t1")
        env.inbox_env.put("t2", read_at=NOW)
        env.inbox_env.put("t3", title="Not complete: Run 3", state="failed")
        await env.come_in()
        assert env.badge == "2"
        assert env.titles() == ["Not complete: Run 3", "Imported: Run 2", "Imported: Run 1"]
        env["inbox.list"].grab()  # Painting must not complain.
        env.click_row(2)
        await until(lambda: env.went == ["t1"])
        assert env.badge == "1"
        await until(lambda: env.inbox_env.unread == [3])
        QTest.keyClick(env["inbox.list"], Qt.Key.Key_Up)
        QTest.keyClick(env["inbox.list"], Qt.Key.Key_Return)
        await until(lambda: env.went == ["t1", "t2"])

    env(story)


def test_only_the_new_ones_and_all_read(env: Play) -> None:
    async def story(env: Env) -> None:
        for number in range(60):
            env.inbox_env.put(read_at=NOW if number % 2 else None)
        await env.come_in()
        assert (env.badge, len(env.titles())) == ("30", 50)
        env.click("inbox.more")
        await until(lambda: len(env.titles()) == 60)
        assert not env["inbox.more"].isVisible()
        env.click("inbox.filter.new")
        assert len(env.titles()) == 30
        env.click("inbox.markAllRead")
        await until(lambda: env.badge == "")
        assert env.titles() == []
        assert not env["inbox.markAllRead"].isEnabled()
        assert env.inbox_env.unread == []

    env(story)


def test_an_outage_is_stated_and_what_is_known_stays(env: Play) -> None:
    async def story(env: Env) -> None:
        env.inbox_env.put("t1")
        await env.come_in()
        env.env.go_down()
        env.click("inbox.refresh")
        await until(env["inbox.notice"].isVisible)
        assert len(env.titles()) == 1
        env.click("inbox.markAllRead")
        await until(env["inbox.banner"].isVisible)
        assert env.badge == "1"

    env(story)


def test_the_model_keeps_qts_rules(tmp_path: Path, qtmodeltester: ModelTester) -> None:
    del tmp_path
    inbox_env, model = ImageEnv().inbox_env, InboxModel()
    rows = [inbox_row(inbox_env.put(), NOW, is_unread=True) for _ in range(5)]
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    model.show_rows(rows)
    model.show_rows([replace(row, is_unread=False) for row in rows])
    model.show_rows(rows[1:])
    assert model.rowCount() == 4
    spoken = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("New. Imported: Run 2")


def test_a_mail_address_is_proved_by_its_code(env: Play) -> None:
    async def story(env: Env) -> None:
        await env.to_settings()
        assert not env["settings.mail"].isEnabled()
        assert not env["settings.code"].isVisible()
        env.write("settings.mailAddress", "anna@example.org")
        env.click("settings.sendCode")
        await until(env["settings.code"].isVisible)
        assert "anna@example.org" in env["settings.mailState"].text()
        assert env["settings.mail"].isChecked()
        assert not env["settings.testMail"].isEnabled()
        env.write("settings.code", "1")
        env.click("settings.confirm")
        await until(env["settings.wishes.banner"].isVisible)
        env.write("settings.code", CODE)
        env.click("settings.confirm")
        await until(lambda: not env["settings.code"].isVisible())
        assert env["settings.mailState"].text() == "anna@example.org is confirmed."
        assert not env["settings.sendCode"].isEnabled()
        env.click("settings.testMail")
        await until(lambda: env.inbox_env.tried == ["mail"])
        env["settings.mail"].click()
        await until(lambda: env.inbox_env.view.channels == ["inbox"])
        assert env.inbox_env.view.address == "anna@example.org"

    env(story)


def test_a_webhooks_secret_is_shown_once_and_its_test_states_what_came(env: Play) -> None:
    async def story(env: Env) -> None:
        await env.to_settings()
        env.write("settings.webhookUrl", "https://hooks.example.org/ta")
        assert not env["settings.testWebhook"].isEnabled()
        env.click("settings.saveWebhook")
        await until(env["settings.secret"].isVisible)
        assert env["settings.secret"].text() == "whsec_abc"
        env.click("settings.copySecret")
        assert QGuiApplication.clipboard().text() == "whsec_abc"
        banner = env["settings.wishes.banner.title"]
        env.click("settings.testWebhook")
        await until(lambda: banner.text() == "The test was sent")
        env.inbox_env.trial_error = errors.Unavailable("The webhook answers 503.")
        env.click("settings.testWebhook")
        text = env["settings.wishes.banner.text"]
        await until(lambda: text.text() == "The webhook answers 503.")
        await env.session.sign_out()
        assert env["settings.secret"].text() == ""

    env(story)


def test_topics_are_saved_at_once_and_a_refusal_goes_back(env: Play) -> None:
    async def story(env: Env) -> None:
        await env.to_settings()
        assert env["settings.topic.done"].isChecked()
        env["settings.topic.done"].click()
        env["settings.topic.cancelled"].click()
        await until(lambda: sorted(env.inbox_env.view.topics) == ["attention", "failed"])
        env.env.go_down()
        env["settings.topic.failed"].click()
        await until(env["settings.wishes.banner"].isVisible)
        await until(env["settings.topic.failed"].isChecked)

    env(story)


def test_a_server_is_forgotten_after_a_question(env: Play) -> None:
    async def story(env: Env) -> None:
        await env.to_settings()
        assert not env["settings.otherServers"].isVisible()
        other = ServerProfile("https://old.example.org", "anna")
        settings = env.session.settings
        profiles = (*settings.profiles, other)
        await env.session.save_settings(replace(settings, profiles=profiles))
        assert env["settings.otherServers"].currentText() == other.url
        env.click("settings.forgetServer")
        env.click("confirm.cancel")
        assert other in env.session.settings.profiles
        env.click("settings.forgetServer")
        dialogs = [w for w in QApplication.topLevelWidgets() if w.objectName() == "confirm"]
        dialog = next(w for w in dialogs if w.isVisible())
        QTest.mouseClick(named(dialog, "confirm.yes"), LEFT)
        await until(lambda: other not in env.session.settings.profiles)
        assert not env["settings.otherServers"].isVisible()
        assert [p.url for p in env.session.settings.profiles] == [URL]

    env(story)
