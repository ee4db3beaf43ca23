"""The part of the Settings page about mail and webhook."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from transferapp.desktop.loop import spawn
from transferapp.desktop.preferences.cards import card, column_of, row
from transferapp.desktop.preferences.notification_presenter import (
    MAIL,
    WEBHOOK,
    PreferencesPresenter,
)
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen
from transferapp.errors import TransferAppError

_TOPICS = (
    ("done", "A transfer is complete"),
    ("failed", "A transfer ended and something is missing"),
    ("attention", "A transfer needs me"),
    ("cancelled", "A transfer was cancelled"),
)


class PreferencesCard(QWidget):
    """Names: ``settings.mail``, ``.mailAddress``, ``.sendCode``, ``.mailState``, ``.code``,
    ``.confirm``, ``.testMail``, ``.webhook``, ``.webhookUrl``, ``.saveWebhook``,
    ``.testWebhook``, ``.secret``, ``.copySecret``, ``.topic.<name>``, ``.wishes.banner``.
    """

    def __init__(self, presenter: PreferencesPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._banner = MessageBanner("settings.wishes.banner")
        self._make_mail()
        self._make_webhook()
        self._topics = {
            key: _tick(sentence, f"settings.topic.{key}", self._topic_change(key))
            for key, sentence in _TOPICS
        }
        self._lay_out()
        listen(self, presenter.changed, self._show)
        self._show()

    def _make_mail(self) -> None:
        presenter = self._presenter
        self._mail = _tick("Mail", "settings.mail", self._channel_change(MAIL))
        self._address = _field("settings.mailAddress", "Mail address", "you@example.org")
        self._address.textEdited.connect(self._show_buttons)
        self._send_code = self._button(
            "Send code",
            "settings.sendCode",
            lambda: presenter.set_address(self._address.text().strip()),
        )
        self._mail_state = label("", "muted", wrap=True)
        self._mail_state.setObjectName("settings.mailState")
        self._code = _field("settings.code", "Code from the mail", "Code from the mail")
        self._confirm = self._button("Confirm", "settings.confirm", self._confirm_code)
        self._test_mail = self._button(
            "Send a test", "settings.testMail", lambda: self._try_out(MAIL)
        )
        self._address.returnPressed.connect(self._send_code.click)
        self._code.returnPressed.connect(self._confirm.click)

    def _make_webhook(self) -> None:
        presenter = self._presenter
        self._webhook = _tick("Webhook", "settings.webhook", self._channel_change(WEBHOOK))
        self._url = _field("settings.webhookUrl", "Address of the webhook", "https://")
        self._url.textEdited.connect(self._show_buttons)
        self._save_url = self._button(
            "Save",
            "settings.saveWebhook",
            lambda: presenter.set_webhook(self._url.text().strip()),
        )
        self._test_webhook = self._button(
            "Send a test", "settings.testWebhook", lambda: self._try_out(WEBHOOK)
        )
        self._secret = QLineEdit()
        self._secret.setObjectName("settings.secret")
        self._secret.setAccessibleName("Secret of the webhook")
        self._secret.setReadOnly(True)
        copy = button("Copy", "settings.copySecret", icon_name="mdi6.content-copy")
        copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(self._presenter.secret)
        )
        sentence = label(
            "Your receiver checks signatures with this secret. Keep it now: it is not shown"
            " again.",
            "muted",
            wrap=True,
        )
        self._secret_rows = column_of(sentence, row(self._secret, copy, stretch=self._secret))
        self._url.returnPressed.connect(self._save_url.click)

    def _lay_out(self) -> None:
        self._code_row = row(self._code, self._confirm, stretch=self._code)
        mail = row(self._address, self._send_code, self._test_mail, stretch=self._address)
        hook = row(self._url, self._save_url, self._test_webhook, stretch=self._url)
        topics = self._topics.values()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(
            card(
                "When you are away",
                label(
                    "The Inbox has everything that came of your transfers. These tell you"
                    " also while TransferApp is closed.",
                    "muted",
                    wrap=True,
                ),
                self._banner,
                column_of(self._mail, mail, self._mail_state, self._code_row),
                column_of(self._webhook, hook, self._secret_rows),
                column_of(label("Mail and webhook tell when", "caption"), *topics),
            )
        )

    def _button(
        self, sentence: str, name: str, work: Callable[[], Awaitable[None]]
    ) -> QPushButton:
        made = button(sentence, name)
        made.clicked.connect(lambda: spawn(self._run(work), name=name))
        return made

    def _channel_change(self, channel: str) -> Callable[[bool], None]:
        change = self._presenter.set_channel
        return lambda on: self._start(lambda: change(channel, on=on))

    def _topic_change(self, topic: str) -> Callable[[bool], None]:
        change = self._presenter.set_topic
        return lambda on: self._start(lambda: change(topic, on=on))

    def _start(self, work: Callable[[], Awaitable[None]]) -> None:
        spawn(self._run(work), name="change notifications")

    async def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        self._banner.dismiss()
        try:
            await work()
        except TransferAppError as error:
            self._banner.show_error(error)
        self._show()  # A tick that was refused goes back.

    async def _confirm_code(self) -> None:
        await self._presenter.confirm(self._code.text().strip())
        self._code.clear()

    async def _try_out(self, channel: str) -> None:
        await self._presenter.try_out(channel)
        places = {MAIL: "Look into your mailbox.", WEBHOOK: "Your receiver has taken it."}
        self._banner.show_message("The test was sent", places[channel], tone="good")

    def _show(self) -> None:
        view, problem = self._presenter.view, self._presenter.trouble
        self.setEnabled(view is not None)
        if problem is not None:
            self._banner.show_error(problem)
        self._mail.setChecked(self._presenter.is_on(MAIL))
        self._webhook.setChecked(self._presenter.is_on(WEBHOOK))
        for topic, tick in self._topics.items():
            tick.setChecked(view is not None and topic in view.topics)
        if view is not None:
            _fill(self._address, view.address)
            _fill(self._url, view.webhook_url)
        self._secret.setText(self._presenter.secret)
        self._secret_rows.setVisible(bool(self._presenter.secret))
        self._show_mail_state()
        self._show_buttons()

    def _show_mail_state(self) -> None:
        view = self._presenter.view
        waits = view is not None and bool(view.address) and not view.address_verified
        self._code_row.setVisible(waits)
        if view is None or not view.address:
            _show(
                self._mail_state, "Write your address; a code that is mailed to it proves it."
            )
        elif waits:
            sentence = f"Not confirmed yet: enter the code that was mailed to {view.address}."
            _show(self._mail_state, sentence, "warn")
        else:
            _show(self._mail_state, f"{view.address} is confirmed.", "good")

    def _show_buttons(self) -> None:
        view = self._presenter.view
        if view is None:
            return
        same = self._address.text().strip() == view.address
        self._mail.setEnabled(bool(view.address))
        self._webhook.setEnabled(bool(view.webhook_url))
        is_proved = view.address_verified and bool(view.address)
        self._send_code.setEnabled(not same or (bool(view.address) and not is_proved))
        self._send_code.setText(_send_text(self._address.text().strip(), same=same))
        self._test_mail.setEnabled(same and is_proved)
        same = self._url.text().strip() == view.webhook_url
        self._save_url.setEnabled(not same)
        self._test_webhook.setEnabled(same and bool(view.webhook_url))


def _send_text(address: str, *, same: bool) -> str:
    if not address:
        return "Remove"
    return "Send again" if same else "Send code"


def _field(name: str, spoken: str, placeholder: str) -> QLineEdit:
    made = QLineEdit()
    made.setObjectName(name)
    made.setAccessibleName(spoken)
    made.setPlaceholderText(placeholder)
    return made


def _tick(sentence: str, name: str, change: Callable[[bool], None]) -> QCheckBox:
    made = QCheckBox(sentence)
    made.setObjectName(name)
    # clicked, not toggled: showing a value must not save it again.
    made.clicked.connect(change)
    return made


def _fill(field: QLineEdit, text: str) -> None:
    if not field.isModified() or field.text().strip() == text:
        field.setText(text)  # Which also makes it unmodified.


def _show(sentence: QLabel, text: str, role: str = "muted") -> None:
    theme.set_role(sentence, role)
    sentence.setText(text)
