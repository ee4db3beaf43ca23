"""The strip above the pages: connection, server, person and the way out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton
from typing_extensions import override

from transferapp.desktop.loop import starts
from transferapp.desktop.session.presenter import Connection, SessionPresenter
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen

_TEXT = {
    Connection.SIGNED_OUT: ("Signed out", "text_faint"),
    Connection.CONNECTING: ("Connecting…", "warn"),
    Connection.ONLINE: ("Connected", "good"),
    Connection.OFFLINE: ("Server does not answer; trying again", "warn"),
}


class Header(QFrame):
    """Who is signed in where. Names: ``header.connection``, ``header.person``."""

    def __init__(self, session: SessionPresenter) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("header")
        self.setFixedHeight(52)
        self._dot = QLabel()
        self._dot.setFixedSize(10, 10)
        self._connection = label("", "muted")
        self._connection.setObjectName("header.connection")
        self._server = label("", "faint")
        self._server.setObjectName("header.server")
        self._person = self._person_button()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, 0, theme.MEDIUM, 0)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(self._dot)
        layout.addWidget(self._connection)
        layout.addSpacing(theme.SMALL)
        layout.addWidget(self._server)
        layout.addStretch(1)
        layout.addWidget(self._person)
        listen(self, session.changed, self._show)
        self._show()

    def _person_button(self) -> QToolButton:
        made = QToolButton()
        made.setObjectName("header.person")
        made.setIcon(theme.icon("mdi6.account-circle-outline"))
        made.setIconSize(theme.icon_size(theme.NAV_ICON))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.set_role(made, "menu")
        menu = QMenu(made)
        out = menu.addAction(theme.icon("mdi6.logout"), "Sign out")
        out.setObjectName("header.signOut")
        out.triggered.connect(starts(self._session.sign_out))
        made.setMenu(menu)
        return made

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Colour the dot again when the theme changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_dot()

    def _show_dot(self) -> None:
        value = theme.colour_of(_TEXT[self._session.connection][1])
        self._dot.setStyleSheet(f"background: {value}; border-radius: 5px;")

    def _show(self) -> None:
        text, _colour = _TEXT[self._session.connection]
        self._show_dot()
        self._connection.setText(text)
        problem = self._session.trouble
        self._connection.setToolTip(problem.message if problem else "")
        self._server.setText(self._session.server_url.partition("://")[2])
        identity = self._session.identity
        if identity is not None:
            person = identity.experimenter
            self._person.setText(person.full_name or person.username)
            self._person.setToolTip(f"Signed in as {person.username}")
