"""An icon in the tray, where the desktop has one: the window may close, TransferApp stays."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon
from typing_extensions import override

from transferapp.notify.port import Notification, Notifier

#: Milliseconds that a tray balloon stays.
BALLOON_MS = 8000


class Tray(QObject):
    """Show, Transfers, Quit. Make one only when ``available``."""

    show_wished = Signal()
    transfers_wished = Signal()
    quit_wished = Signal()

    def __init__(self, icon: QIcon) -> None:
        super().__init__()
        self._menu = QMenu()
        for name, text, signal in (
            ("tray.show", "Show TransferApp", self.show_wished),
            ("tray.transfers", "Transfers", self.transfers_wished),
            ("tray.quit", "Quit", self.quit_wished),
        ):
            if name == "tray.quit":
                self._menu.addSeparator()
            action = self._menu.addAction(text)
            action.setObjectName(name)
            action.triggered.connect(signal)
        self.icon = QSystemTrayIcon(icon, self)
        self.icon.setToolTip("TransferApp")
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(self._activated)
        self.icon.show()

    @staticmethod
    def available() -> bool:
        """Return whether a tray shows icons (plain GNOME has none)."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def hide(self) -> None:
        """Take the icon away."""
        self.icon.hide()
        self._menu.deleteLater()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self.show_wished.emit()


class TrayNotifier(Notifier):
    """Notifications by the tray icon, for systems without a notification bus."""

    def __init__(self, tray: Tray | None) -> None:
        self._tray = tray
        self._open: Callable[[], None] | None = None
        if tray is not None:
            tray.icon.messageClicked.connect(self._clicked)

    @override
    async def tell(
        self, notification: Notification, on_open: Callable[[str], None] | None = None
    ) -> bool:
        """Show a balloon; False without a tray."""
        if self._tray is None:
            return False
        self._open = (lambda: on_open(notification.key)) if on_open else None
        icon = self._tray.icon
        icon.showMessage(notification.title, notification.text, icon.icon(), BALLOON_MS)
        return True

    @override
    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _clicked(self) -> None:
        if self._open is not None:
            self._open()
