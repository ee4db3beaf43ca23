"""The first page: server, user name, password; everything else waits behind it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.desktop.loop import spawn
from transferapp.desktop.sign_in.presenter import SignInPresenter
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen
from transferapp.errors import SignInFailed
from transferapp.host.resources import resource

CARD_WIDTH = 420


class SignInPage(QWidget):
    """Names: ``signIn.server``, ``.user``, ``.password``, ``.remember``, ``.submit``,
    ``.banner``, ``.capsLock``.
    """

    def __init__(self, presenter: SignInPresenter) -> None:
        super().__init__()
        self.setObjectName("page")
        self._presenter = presenter
        self.banner = MessageBanner("signIn.banner")
        self._server = self._server_field()
        self._user = self._field("signIn.user", "Your name in the image repository")
        self._password = self._field("signIn.password", "")
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._password.installEventFilter(self)
        self._caps_lock = label("Caps Lock is on", "warn")
        self._caps_lock.setObjectName("signIn.capsLock")
        self._caps_lock.hide()
        self._remember = QCheckBox("Stay signed in on this computer")
        self._remember.setObjectName("signIn.remember")
        self._remember.setChecked(presenter.remember)
        self._remember.setToolTip(
            "Keeps the session for 30 days in this computer's keyring, never the password"
        )
        self._submit = button("Sign in", "signIn.submit", role="primary")
        self._submit.clicked.connect(self._sign_in)
        for field in (self._user, self._password):
            field.returnPressed.connect(self._sign_in)
        self._server_line().returnPressed.connect(self._sign_in)
        self._lay_out()
        self._fill_in()
        listen(self, presenter.changed, self._show)

    def _field(self, name: str, placeholder: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setPlaceholderText(placeholder)
        return made

    def _server_field(self) -> QComboBox:
        made = QComboBox()
        made.setEditable(True)
        made.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        made.setObjectName("signIn.serverList")
        line = made.lineEdit()
        if line is not None:
            line.setObjectName("signIn.server")
            line.setAccessibleName("Server")
        for profile in self._presenter.profiles:
            made.addItem(profile.url, profile.username)
        made.activated.connect(self._profile_chosen)
        return made

    def _server_line(self) -> QLineEdit:
        line = self._server.lineEdit()
        if line is None:
            raise RuntimeError("an editable combo box has a line")
        return line

    def _lay_out(self) -> None:
        card = QFrame()
        card.setFixedWidth(CARD_WIDTH)
        theme.set_role(card, "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(theme.HUGE, theme.HUGE, theme.HUGE, theme.HUGE)
        inside.setSpacing(theme.SMALL)
        inside.addLayout(self._heading())
        inside.addSpacing(theme.MEDIUM)
        inside.addWidget(self.banner)
        inside.addSpacing(theme.TIGHT)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("Server", self._server),
            ("User name", self._user),
            ("Password", self._password),
        )
        for text, field in rows:
            caption = label(text, "caption")
            caption.setBuddy(field)
            inside.addWidget(caption)
            inside.addWidget(field)
            inside.addSpacing(theme.TIGHT)
        inside.addWidget(self._caps_lock)
        inside.addWidget(self._remember)
        inside.addSpacing(theme.MEDIUM)
        inside.addWidget(self._submit)
        around = QVBoxLayout(self)
        around.addStretch(2)
        # Stretches, not an alignment: that would keep the card from growing with its banner.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        around.addLayout(middle)
        around.addSpacing(theme.MEDIUM)
        hint = label("Transfers that were handed over go on while you are signed out.", "faint")
        around.addWidget(hint, 0, Qt.AlignmentFlag.AlignHCenter)
        around.addStretch(3)

    def _heading(self) -> QHBoxLayout:
        mark = QLabel()
        mark.setPixmap(QIcon(str(resource("icons", "transferapp.svg"))).pixmap(44, 44))
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(label("TransferApp", "title"))
        text.addWidget(label("Images to your repository, and back", "muted"))
        row = QHBoxLayout()
        row.setSpacing(theme.MEDIUM)
        row.addWidget(mark)
        row.addLayout(text, 1)
        return row

    def _fill_in(self) -> None:
        profile, line = self._presenter.profiles[0], self._server_line()
        line.setText(profile.url)
        # Of a long address the beginning shows; the tip has it all.
        line.setCursorPosition(0)
        line.editingFinished.connect(lambda: line.setCursorPosition(0))
        line.textChanged.connect(self._server_typed)
        line.setToolTip(profile.url)
        self._user.setText(profile.username)

    def _server_typed(self, text: str) -> None:
        self._server_line().setToolTip(text)

    def _profile_chosen(self, row: int) -> None:
        self._user.setText(str(self._server.itemData(row) or ""))
        (self._password if self._user.text() else self._user).setFocus()

    def _sign_in(self) -> None:
        if not self._presenter.busy:
            spawn(self._run(), name="sign in")

    async def _run(self) -> None:
        done = await self._presenter.sign_in(
            self._server_line().text(),
            self._user.text(),
            self._password.text(),
            remember=self._remember.isChecked(),
        )
        if done:
            self._password.clear()

    def _show(self) -> None:
        busy, problem = self._presenter.busy, self._presenter.trouble
        for field in (self._server, self._user, self._password, self._remember):
            field.setEnabled(not busy)
        self._submit.setEnabled(not busy)
        self._submit.setText("Signing in…" if busy else "Sign in")
        if problem is None:
            self.banner.hide()
            return
        self.banner.show_error(problem)
        if isinstance(problem, SignInFailed):
            self._password.setFocus()
            self._password.selectAll()

    def focus_first(self) -> None:
        """Put the cursor where something is still missing."""
        empty = (f for f in (self._server_line(), self._user) if not f.text())
        next(empty, self._password).setFocus()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice Caps Lock from what a typed letter looks like."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            letter = event.text()
            if len(letter) == 1 and letter.isalpha():
                shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._caps_lock.setVisible(letter.isupper() != shifted)
        return super().eventFilter(watched, event)
