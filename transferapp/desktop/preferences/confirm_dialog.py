"""Ask before something that cannot be taken back."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.dialog import Dialog
from transferapp.desktop.widgets.labels import label


class ConfirmDialog(Dialog):
    """A question and two buttons. Open it with ``open()``, never ``exec``.

    Names: ``confirm.yes``, ``.cancel``.
    """

    def __init__(
        self, question: str, text: str, deed: str, *, parent: QWidget | None = None
    ) -> None:
        """``deed`` is what the button does: a verb, not "OK"."""
        super().__init__(parent)
        self.setObjectName("confirm")
        self.setWindowTitle(question)
        self.setMinimumWidth(420)
        yes = button(deed, "confirm.yes", role="danger")
        yes.setAutoDefault(False)
        yes.clicked.connect(self.accept)
        cancel = button("Cancel", "confirm.cancel")
        cancel.setDefault(True)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(yes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, theme.LARGE, theme.LARGE, theme.LARGE)
        layout.setSpacing(theme.LARGE)
        layout.addWidget(label(question, "heading", wrap=True))
        layout.addWidget(label(text, wrap=True))
        layout.addLayout(buttons)
