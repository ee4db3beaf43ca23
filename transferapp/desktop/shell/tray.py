"""An icon in the tray, where the desktop has one: the window may close, TransferApp stays."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon
from typing_extensions import override

from transferapp.notify.port import Notification, Notifier

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusServiceWatcher

#: Milliseconds that a tray balloon stays.
BALLOON_MS = 8000
#: What a panel with a tray is called on the session bus.
WATCHER = "org.kde.StatusNotifierWatcher"


class Tray(QObject):
    """Show, Transfers, Quit. The icon is there as soon as something shows icons, which may
    be long after this was made (plain GNOME never does).
    """

    show_requested = Signal()
    transfers_requested = Signal()
    quit_requested = Signal()
    #: The icon is there.
    appeared = Signal()
    balloon_clicked = Signal()

    def __init__(self, picture: QIcon) -> None:
        super().__init__()
        self._picture = picture
        self._menu = QMenu()
        for name, text, signal in (
            ("tray.show", "Show TransferApp", self.show_requested),
            ("tray.transfers", "Transfers", self.transfers_requested),
            ("tray.quit", "Quit", self.quit_requested),
        ):
            if name == "tray.quit":
                self._menu.addSeparator()
            action = self._menu.addAction(text)
            action.setObjectName(name)
            action.triggered.connect(signal)
        self.icon: QSystemTrayIcon | None = None
        self._panels = _panels(self)
        if self._panels is not None:
            # Later: Qt hears of the panel at the same moment as we do.
            self._panels.serviceRegistered.connect(
                lambda _name: QTimer.singleShot(0, self, self.show_icon)
            )
        self.show_icon()

    @staticmethod
    def available() -> bool:
        """Return whether a tray shows icons now."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_icon(self) -> None:
        """Show the icon if there is a place for it; again is fine."""
        # Not made before: Qt chooses what kind of icon it is when it makes one. One that
        # is there comes to a restarted panel by itself.
        if self.icon is not None or not self.available():
            return
        icon = QSystemTrayIcon(self._picture, self)
        icon.setToolTip("TransferApp")
        icon.setContextMenu(self._menu)
        icon.activated.connect(self._activated)
        icon.messageClicked.connect(self.balloon_clicked)
        icon.show()
        self.icon = icon
        self.appeared.emit()

    def hide(self) -> None:
        """Take the icon away for good."""
        if self._panels is not None:
            self._panels.serviceRegistered.disconnect()
        if self.icon is not None:
            self.icon.hide()
        self._menu.deleteLater()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self.show_requested.emit()


def _panels(parent: QObject) -> QDBusServiceWatcher | None:
    """Return who tells of panels that appear; None where trays are always there."""
    if platform.system() != "Linux":
        return None
    # Not every platform's Qt has it.
    from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher  # noqa: PLC0415

    mode = QDBusServiceWatcher.WatchModeFlag.WatchForRegistration
    return QDBusServiceWatcher(WATCHER, QDBusConnection.sessionBus(), mode, parent)


class TrayNotifier(Notifier):
    """Notifications by the tray icon, for systems without a notification bus."""

    def __init__(self, tray: Tray) -> None:
        self._tray = tray
        self._open: Callable[[], None] | None = None
        tray.balloon_clicked.connect(self._clicked)

    @override
    async def report(
        self, notification: Notification, on_open: Callable[[str], None] | None = None
    ) -> bool:
        """Show a balloon; False without a tray."""
        icon = self._tray.icon
        if icon is None:
            return False
        self._open = (lambda: on_open(notification.key)) if on_open else None
        icon.showMessage(notification.title, notification.text, icon.icon(), BALLOON_MS)
        return True

    @override
    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _clicked(self) -> None:
        if self._open is not None:
            self._open()
