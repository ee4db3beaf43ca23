"""A desktop panel with a tray, without a desktop: it writes down and clicks when told.

Run as a script it owns org.kde.StatusNotifierWatcher on the session bus. One JSON object
a line: ``{"do": "click", "label": "Quit"}``; one answer a line: ``{"ok": ...}`` or
``{"error": "..."}``. ``FakePanel`` starts it and asks.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Self

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

Strings = Annotated[list[str], DBusSignature("as")]
Nothing = Annotated[None, DBusSignature("")]

#: Seconds that an icon has to register, and a menu to have an entry.
PATIENCE_S = 20
ITEM = ("/StatusNotifierItem", "org.kde.StatusNotifierItem")
MENU = "com.canonical.dbusmenu"
READ = PropertyAccess.READ


class FakePanel:
    """A panel process; use it as a context."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        """``environment`` names the session bus; complaints go to ``log``."""
        with log.open("ab") as complaints:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fake_panel"],
                cwd=Path(__file__).parents[2],
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )

    def __enter__(self) -> Self:
        """Return it once its tray takes icons."""
        self.ask("icons")
        return self

    def __exit__(self, *_: object) -> None:
        """End it, as a panel that crashes."""
        self.end()

    def ask(self, what: str, **details: str) -> Any:
        """Send one command and return its answer; raises AssertionError."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what, **details}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the fake panel ended; see its log"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["ok"]

    def end(self) -> None:
        """Kill it; twice is fine."""
        self.process.kill()
        self.process.communicate()


class Watcher(ServiceInterface):
    """Where icons register."""

    def __init__(self, connection: MessageBus) -> None:
        super().__init__("org.kde.StatusNotifierWatcher")
        self._bus = connection
        self.icons: list[str] = []

    @dbus_method()
    def RegisterStatusNotifierItem(self, service: DBusStr) -> Nothing:  # noqa: N802
        self.icons.append(service)

    @dbus_method()
    def RegisterStatusNotifierHost(self, service: DBusStr) -> Nothing:  # noqa: N802
        """We are the only host."""

    @dbus_property(access=READ)
    def RegisteredStatusNotifierItems(self) -> Strings:  # noqa: N802
        return self.icons

    @dbus_property(access=READ)
    def IsStatusNotifierHostRegistered(self) -> DBusBool:  # noqa: N802
        return True

    @dbus_property(access=READ)
    def ProtocolVersion(self) -> DBusInt32:  # noqa: N802
        return 0

    async def all(self) -> list[str]:
        """Return the bus names of the icons that registered."""
        return self.icons

    async def item(self) -> dict[str, Any]:
        """Return what the last icon says of itself; ``pixels``: the widths of its images."""
        item = await self._interface(*ITEM)
        images = await item.get_icon_pixmap()
        return {
            "title": await item.get_title(),
            "status": await item.get_status(),
            "tooltip": (await item.get_tool_tip())[2],
            "icon_name": await item.get_icon_name(),
            "pixels": [width for width, _height, data in images if any(data)],
        }

    async def labels(self) -> list[str]:
        """Return the words of its menu, from top to bottom; "" is a line between."""
        return [label for _number, label in await self._entries()]

    async def click(self, label: str) -> None:
        """Choose a menu entry."""
        numbers = [number for number, text in await self._entries() if text == label]
        if not numbers:
            raise LookupError(f"no menu entry says {label!r}")
        menu = await self._interface(await self._menu_path(), MENU)
        await menu.call_event(numbers[0], "clicked", Variant("s", ""), 0)

    async def press(self) -> None:
        """Click the icon itself."""
        item = await self._interface(*ITEM)
        await item.call_activate(0, 0)

    async def _entries(self) -> list[tuple[int, str]]:
        menu = await self._interface(await self._menu_path(), MENU)
        _revision, (_root, _properties, children) = await menu.call_get_layout(0, -1, [])
        return [
            (number, properties["label"].value if "label" in properties else "")
            for number, properties, _children in (child.value for child in children)
        ]

    async def _menu_path(self) -> str:
        item = await self._interface(*ITEM)
        return str(await item.get_menu())

    async def _interface(self, path: str, name: str) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not self.icons:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        described = await self._bus.introspect(self.icons[-1], path)
        proxy = self._bus.get_proxy_object(self.icons[-1], path, described)
        return proxy.get_interface(name)


async def answer(watcher: Watcher, command: dict[str, str]) -> dict[str, Any]:
    """Do one command."""
    what = command.pop("do")
    commands: dict[str, Callable[..., Any]] = {
        "icons": watcher.all,
        "item": watcher.item,
        "labels": watcher.labels,
        "click": watcher.click,
        "press": watcher.press,
    }
    try:
        return {"ok": await commands[what](**command)}
    except (DBusError, LookupError, TimeoutError) as error:
        return {"error": f"{what}: {error!r}"}


async def main() -> None:
    """Be a panel until the other side hangs up."""
    bus = await MessageBus().connect()
    watcher = Watcher(bus)
    bus.export("/StatusNotifierWatcher", watcher)
    await bus.request_name("org.kde.StatusNotifierWatcher")
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(watcher, json.loads(line))), flush=True)  # noqa: T201
    bus.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
