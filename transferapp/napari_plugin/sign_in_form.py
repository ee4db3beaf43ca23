"""The dock's first page: server, user name, password."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from transferapp.napari_plugin.services import PluginState
from transferapp.napari_plugin.text import plain_label

_KEPT = (
    "Keeps the session (never the password) in this computer's keyring, for TransferApp too."
)


class SignInForm(QWidget):
    """Asks who signs in where."""

    #: Server, user name, password, whether to stay signed in.
    requested = Signal(str, str, str, bool)

    def __init__(self) -> None:
        """Make it, empty."""
        super().__init__()
        self.server = QLineEdit()
        self.server.setPlaceholderText("https://images.example.org")
        self.username = QLineEdit()
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.remember = QCheckBox("Stay signed in")
        self.remember.setToolTip(_KEPT)
        self.button = QPushButton("Sign in")
        self.button.clicked.connect(self._request)
        for field in (self.server, self.username, self.password):
            field.returnPressed.connect(self._request)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Server", self.server)
        form.addRow("&User name", self.username)
        form.addRow("&Password", self.password)
        form.addRow("", self.remember)
        column = QVBoxLayout(self)
        title: QLabel = plain_label("Sign in to TransferApp", strong=True)
        column.addWidget(title)
        column.addLayout(form)
        column.addWidget(self.button)
        column.addStretch(1)

    def fill_in(self, state: PluginState) -> None:
        """Show who was signed in last; what a person has typed stays."""
        if not self.server.text():
            self.server.setText(state.server_url)
        if not self.username.text():
            self.username.setText(state.username)
        self.remember.setChecked(state.remember)

    def _request(self) -> None:
        self.requested.emit(
            self.server.text(),
            self.username.text().strip(),
            self.password.text(),
            self.remember.isChecked(),
        )
        self.password.clear()
