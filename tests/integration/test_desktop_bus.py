"""Notifications on a real session bus: shown, clicked, and no one there to show them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from dbus_fast import BusType
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from tests.support.image_env import until
from transferapp.notify.notifiers.desktop_bus import DesktopBus
from transferapp.notify.port import Notification, Urgency

pytestmark = pytest.mark.skipif(
    shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed"
)

Strings = Annotated[list[str], DBusSignature("as")]
Invoked = Annotated[list[Any], DBusSignature("us")]


class Recorder(ServiceInterface):
    """A notification daemon that writes down and can be clicked."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.reported: list[tuple[str, str, str, int]] = []
        self.actions: list[str] = []

    @dbus_method()
    def Notify(  # noqa: N802, PLR0913, PLR0917 - the interface's own
        self,
        app: DBusStr,
        replaces: DBusUInt32,  # noqa: ARG002
        icon: DBusStr,  # noqa: ARG002
        title: DBusStr,
        body: DBusStr,
        actions: Strings,
        hints: DBusDict,
        timeout: DBusInt32,  # noqa: ARG002
    ) -> DBusUInt32:
        self.reported.append((app, title, body, hints["urgency"].value))
        self.actions = actions
        return len(self.reported)

    @dbus_signal()
    def ActionInvoked(self, number: int, key: str) -> Invoked:  # noqa: N802
        return [number, key]


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A private session bus; its address is in the environment, as in a login session."""
    address = f"unix:path={tmp_path}/bus"
    process = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1", f"--address={address}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout:
        line = process.stdout.readline().decode().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", line)
        yield line
        process.terminate()
        process.wait(10)


async def daemon(address: str) -> tuple[MessageBus, Recorder]:
    connection = await MessageBus(bus_address=address, bus_type=BusType.SESSION).connect()
    recorder = Recorder()
    connection.export("/org/freedesktop/Notifications", recorder)
    await connection.request_name("org.freedesktop.Notifications")
    return connection, recorder


async def test_is_shown_and_a_click_comes_back_once(bus: str) -> None:
    connection, recorder = await daemon(bus)
    notifier = DesktopBus("TransferApp", desktop_entry="transferapp")
    clicked: list[str] = []
    first = Notification("Import finished", "12 images in <b> & co", "t1")
    second = Notification("Trouble", "The file is gone", "t2", Urgency.CRITICAL)
    assert await notifier.report(first, clicked.append)
    assert await notifier.report(second, clicked.append)
    assert recorder.reported == [
        ("TransferApp", "Import finished", "12 images in &lt;b&gt; &amp; co", 1),
        ("TransferApp", "Trouble", "The file is gone", 2),
    ]
    assert recorder.actions == ["default", "Open"]
    recorder.ActionInvoked(1, "default")
    recorder.ActionInvoked(99, "default")
    await until(lambda: clicked == ["t1"])
    recorder.ActionInvoked(2, "default")
    await until(lambda: clicked == ["t1", "t2"])
    await notifier.aclose()
    connection.disconnect()


async def test_a_bus_without_a_daemon_shows_nothing_until_one_comes(bus: str) -> None:
    notifier = DesktopBus("TransferApp")
    assert not await notifier.report(Notification("a", "b"))
    connection, recorder = await daemon(bus)
    assert await notifier.report(Notification("a", "b"))
    assert len(recorder.reported) == 1
    await notifier.aclose()
    connection.disconnect()


async def test_no_bus_at_all_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    notifier = DesktopBus("TransferApp")
    assert not await notifier.report(Notification("a", "b"))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert not await notifier.report(Notification("a", "b"))
    await notifier.aclose()


async def test_a_daemon_that_is_restarted_is_found_again(bus: str) -> None:
    connection, recorder = await daemon(bus)
    notifier = DesktopBus("TransferApp")
    assert await notifier.report(Notification("a", "b"))
    connection.disconnect()
    assert not await notifier.report(Notification("a", "b"))
    connection, recorder = await daemon(bus)
    assert await notifier.report(Notification("a", "b"))
    assert len(recorder.reported) == 1
    await notifier.aclose()
    connection.disconnect()
