"""Say what went wrong, and what to do about it, above the page it concerns."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
)

from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import IconLabel, label
from transferapp.errors import Internal, TransferAppError

_ICONS = {
    "bad": "mdi6.alert-circle-outline",
    "warn": "mdi6.alert-outline",
    "good": "mdi6.check-circle-outline",
    "info": "mdi6.information-outline",
}


class MessageBanner(QFrame):
    """A message with a title, a sentence and a close button; hidden until it is needed.

    ``action`` is a button, shown where it has a text.
    """

    shown = Signal()
    closed = Signal()

    def __init__(self, object_name: str = "banner", *, action: str = "") -> None:
        super().__init__()
        self.setObjectName(object_name)
        self._icon = IconLabel()
        self._title = label("", "strong", wrap=True)
        self._title.setObjectName(f"{object_name}.title")
        self._text = label("", wrap=True)
        self._text.setObjectName(f"{object_name}.text")
        close = QToolButton()
        close.setObjectName(f"{object_name}.close")
        close.setAccessibleName("Close this message")
        close.setToolTip("Close this message")
        close.setIcon(theme.icon("mdi6.close"))
        theme.set_role(close, "icon")
        close.clicked.connect(self.dismiss)
        self._close = close
        self.action = button(action, f"{object_name}.action")
        self.action.setVisible(bool(action))
        #: What the person has closed; it is not shown again while it stays true.
        self._read = ""
        text = QVBoxLayout()
        text.setSpacing(2)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.action)
        text.addLayout(head)
        text.addWidget(self._text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.MEDIUM, theme.SMALL, theme.SMALL, theme.SMALL)
        layout.setSpacing(theme.MEDIUM)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(text, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    def show_error(self, error: BaseException) -> None:
        """Show an error in words; what is not ours is shown as our mistake."""
        known = error if isinstance(error, TransferAppError) else Internal()
        self.show_message(known.title, known.message, tone="warn" if known.retryable else "bad")

    def show_message(self, title: str, text: str = "", *, tone: str = "info") -> None:
        """Show a message; ``tone`` is good, info, warn or bad."""
        theme.set_role(self, "banner", tone=tone)
        self._icon.show_icon(_ICONS[tone], "accent" if tone == "info" else tone, 20)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(f"{title}. {text}")
        self.shown.emit()
        self.show()

    def show_while(self, text: str, title: str, *, tone: str = "warn") -> None:
        """Show a state's message; an empty text says that it is over. Closed, it stays so."""
        if not text:
            self._read = ""
            self.hide()
        elif text != self._read:
            self.show_message(title, text, tone=tone)

    def dismiss(self) -> None:
        """Hide the message, because the person has read it."""
        self._read = self._text.text()
        self.hide()
        self.closed.emit()
