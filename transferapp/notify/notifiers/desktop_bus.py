"""Notifications of the Linux desktop: org.freedesktop.Notifications, spoken directly.

Qt's tray balloon is lost without a word where there is no tray (docs/adr/0008).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import ExitStack
from threading import Lock

import structlog
from jeepney import (
    DBusAddress,
    DBusErrorResponse,
    MatchRule,
    Message,
    MessageType,
    message_bus,
    new_method_call,
)
from jeepney.io.common import RouterClosed
from jeepney.io.threading import DBusRouter, Proxy, open_dbus_router
from typing_extensions import override

from transferapp.notify.port import Notification, Notifier, Urgency

_SERVICE = "org.freedesktop.Notifications"
_ADDRESS = DBusAddress("/org/freedesktop/Notifications", bus_name=_SERVICE, interface=_SERVICE)
#: Seconds that a notification daemon has to answer.
_TIMEOUT_S = 5.0
#: Let the daemon decide how long it stays.
_DAEMON_DECIDES = -1
_URGENCY = {Urgency.NORMAL: 1, Urgency.CRITICAL: 2}
_MISSING = (
    OSError,
    KeyError,
    RouterClosed,
    DBusErrorResponse,
    TimeoutError,
    FutureTimeoutError,
)

_log = structlog.get_logger(__name__)


class DesktopBus(Notifier):
    """Speaks to the notification daemon of the login session from worker threads."""

    def __init__(self, application: str, icon: str = "", desktop_entry: str = "") -> None:
        """``icon`` is a path or theme name; nothing is opened before the first call."""
        self._application = application
        self._icon = icon
        self._hints = {"desktop-entry": ("s", desktop_entry)} if desktop_entry else {}
        self._stack = ExitStack()
        self._router: DBusRouter | None = None
        self._lock = Lock()
        self._opened: dict[int, Callable[[], None]] = {}

    @override
    async def report(
        self, notification: Notification, on_open: Callable[[str], None] | None = None
    ) -> bool:
        """Show it; False when no daemon answers."""
        loop = asyncio.get_running_loop()

        def clicked() -> None:
            if on_open is not None and not loop.is_closed():
                loop.call_soon_threadsafe(on_open, notification.key)

        return await asyncio.to_thread(self._report, notification, clicked)

    @override
    async def aclose(self) -> None:
        """Close the connection; what is on the screen stays there."""
        await asyncio.to_thread(self._disconnect)

    def _report(self, notification: Notification, clicked: Callable[[], None]) -> bool:
        # One at a time: a click may come before another thread knows the number.
        with self._lock:
            try:
                router = self._connect()
                reply = router.send_and_get_reply(
                    self._message(notification), timeout=_TIMEOUT_S
                )
            except _MISSING as error:
                _log.info("no notification daemon", error=type(error).__name__)
                self._disconnect()
                return False
            if reply.header.message_type is MessageType.error:
                _log.info("notification refused", error=str(reply.body))
                return False
            self._opened[reply.body[0]] = clicked
            return True

    def _connect(self) -> DBusRouter:
        if self._router is None:
            router = self._stack.enter_context(open_dbus_router("SESSION"))
            rule = MatchRule(type="signal", interface=_SERVICE, path=_ADDRESS.object_path)
            Proxy(message_bus, router, timeout=_TIMEOUT_S).AddMatch(rule)
            # put_nowait is all that the router asks of a queue.
            self._stack.enter_context(router.filter(rule, queue=_Inbox(self._signal)))
            self._router = router
        return self._router

    def _disconnect(self) -> None:
        self._router = None
        self._opened.clear()
        stack, self._stack = self._stack, ExitStack()
        try:
            stack.close()
        except OSError as error:
            _log.info("the session bus had gone", error=type(error).__name__)

    def _message(self, notification: Notification) -> Message:
        hints = {**self._hints, "urgency": ("y", _URGENCY[notification.urgency])}
        body = (
            self._application,
            0,
            self._icon,
            notification.title,
            _plain(notification.text),
            ["default", "Open"],
            hints,
            _DAEMON_DECIDES,
        )
        return new_method_call(_ADDRESS, "Notify", "susssasa{sv}i", body)

    def _signal(self, message: Message) -> None:
        name = message.header.fields.get(3)  # HeaderFields.member
        if name == "ActionInvoked":
            opened = self._opened.get(message.body[0])
            if opened is not None:
                opened()
        elif name == "NotificationClosed":
            self._opened.pop(message.body[0], None)


class _Inbox:
    """Looks like a queue and calls a function instead."""

    def __init__(self, receive: Callable[[Message], None]) -> None:
        self._receive = receive

    def put_nowait(self, message: Message) -> None:
        """Take a message, in the router's thread."""
        self._receive(message)


def _plain(text: str) -> str:
    """Escape what daemons read as markup: a file may be named ``<b>``."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
