"""Drive the real desktop as a person would: for the demo and the end-to-end tests only.

``python -m transferapp.desktop.pilot FD`` starts the desktop exactly as ``transferapp
desktop`` does and beside it listens on one inherited socket. Mouse and keys go through
Qt's own event queue to the real widgets, which are found by their object names.

One JSON object a line: ``{"do": "click", "name": "signIn.submit"}``; one answer a line:
``{"ok": ...}`` or ``{"error": "..."}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPoint,
    QPointF,
    Qt,
    QTimer,
    QUrl,
)
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)

from transferapp.desktop import app, loop, wiring
from transferapp.desktop.viewer.napari import FIRST_PIXELS_TIMEOUT_S
from transferapp.host.logging import configure_logging

#: How often a wait looks again, in seconds.
GLANCE_S = 0.01
#: Between two looks for an error in place of what is awaited.
BANNER_GLANCE_S = 0.25
LEFT = Qt.MouseButton.LeftButton
Command = dict[str, Any]


class PilotError(Exception):
    """A command could not be done; the text says why."""


def find(name: str) -> QWidget:
    """Return the visible widget of this object name."""
    found = [w for w in QApplication.allWidgets() if w.objectName() == name]
    shown = [w for w in found if w.isVisible()]
    if not shown:
        raise PilotError(f"no visible widget is named {name} ({len(found)} hidden)")
    return shown[0]


def text_of(widget: QWidget) -> str:
    """Return what a person reads on the widget."""
    match widget:
        case QLabel() | QAbstractButton() | QLineEdit():
            return widget.text()
        case QComboBox():
            return widget.currentText()
        case QAbstractItemView():
            return "\n".join(" | ".join(row) for row in rows_of(widget))
        case _:
            return widget.windowTitle()


def rows_of(view: QAbstractItemView, most: int = 200) -> list[list[str]]:
    """Return the texts of the first rows of a list, table or tree."""
    model = view.model()
    columns = range(model.columnCount(QModelIndex()))
    return [
        [str(model.index(row, column).data() or "") for column in columns]
        for row in range(min(model.rowCount(), most))
    ]


def state_of(name: str, *, with_text: bool = True) -> dict[str, Any]:
    """Return what can be seen of a widget; an absent one is not visible."""
    try:
        widget = find(name)
    except PilotError:
        return {"visible": False, "enabled": False, "text": "", "rows": 0}
    model = widget.model() if isinstance(widget, QAbstractItemView) else None
    return {
        "visible": True,
        "enabled": widget.isEnabled(),
        "text": text_of(widget) if with_text else "",
        "rows": model.rowCount() if model is not None else 0,
    }


async def click(command: Command) -> None:
    """Press the left button in the middle of a widget."""
    widget = find(command["name"])
    if not widget.isEnabled():
        raise PilotError(f"{command['name']} cannot be pressed now: it is disabled")
    # Queued: a slot that opens a dialog must not hold up the answer.
    asyncio.get_running_loop().call_soon(QTest.mouseClick, widget, LEFT)
    await asyncio.sleep(0)


async def close(command: Command) -> None:
    """Close a window, as its frame's button does."""
    asyncio.get_running_loop().call_soon(find(command["name"]).close)
    await asyncio.sleep(0)


async def type_text(command: Command) -> None:
    """Replace a field's text key by key."""
    widget = find(command["name"])
    widget.setFocus()
    if isinstance(widget, QLineEdit):
        widget.selectAll()
    QTest.keyClicks(widget, command["text"])


async def key(command: Command) -> None:
    """Press one key, e.g. ``Return``."""
    QTest.keyClick(find(command["name"]), getattr(Qt.Key, f"Key_{command['key']}"))


async def drop(command: Command) -> None:
    """Drop files and folders on a widget, as a file manager does."""
    widget = find(command["name"])
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path) for path in command["paths"]])
    middle = widget.rect().center()
    buttons, keys = LEFT, Qt.KeyboardModifier.NoModifier
    action = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(middle), action, mime, buttons, keys)
    QApplication.sendEvent(widget, enter)
    if not enter.isAccepted():
        raise PilotError(f"{command['name']} does not take files")
    QApplication.sendEvent(widget, QDropEvent(QPointF(middle), action, mime, buttons, keys))


async def choose(command: Command) -> None:
    """Select an item of a view by the texts on its way: ``["Flies", "Embryos"]``.

    Waits for rows that are loaded only when their parent is opened.
    """
    view = find(command["name"])
    if not isinstance(view, QAbstractItemView):
        raise PilotError(f"{command['name']} is not a list, table or tree")
    index = QModelIndex()
    for text in command["path"]:
        index = await _child(view, index, text, time.monotonic() + 15)
    view.scrollTo(index)
    middle = view.visualRect(index).center()
    QTest.mouseClick(view.viewport(), LEFT, pos=middle)
    view.setCurrentIndex(index)


async def _child(
    view: QAbstractItemView, parent: QModelIndex, text: str, until: float
) -> QModelIndex:
    model: QAbstractItemModel = view.model()
    expand = getattr(view, "expand", None)
    if parent.isValid() and expand is not None:
        expand(parent)
    while time.monotonic() < until:
        if model.canFetchMore(parent):
            model.fetchMore(parent)
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            if re.search(text, str(index.data() or "")):
                return index
        await asyncio.sleep(GLANCE_S * 5)
    raise PilotError(f"no row with the text {text!r}")


async def choose_all(command: Command) -> None:
    """Select every row of a view."""
    view = find(command["name"])
    if not isinstance(view, QAbstractItemView):
        raise PilotError(f"{command['name']} is not a list, table or tree")
    view.selectAll()
    view.selectionModel().setCurrentIndex(
        view.model().index(0, 0), QItemSelectionModel.SelectionFlag.NoUpdate
    )


async def wait(command: Command) -> dict[str, Any]:
    """Wait until a widget is as wished: ``visible``, ``enabled``, ``text`` (a regular
    expression), ``rows`` (at least). Fails after ``timeout_s`` (30). ``every_s`` is how
    often it looks.
    """
    until = time.monotonic() + command.get("timeout_s", 30)
    seen: dict[str, Any] = {}
    while time.monotonic() < until:
        # Reading a long table each time would hold the loop that is measured.
        seen = state_of(command["name"], with_text="text" in command)
        if _as_requested(seen, command):
            return seen
        await asyncio.sleep(command.get("every_s", GLANCE_S))
    raise PilotError(f"{command['name']} did not become as wished; it is {seen}")


def _as_requested(seen: dict[str, Any], request: Command) -> bool:
    return (
        seen["visible"] == request.get("visible", True)
        and seen["enabled"] == request.get("enabled", seen["enabled"])
        and seen["rows"] >= request.get("rows", 0)
        and re.search(request.get("text", ""), seen["text"]) is not None
    )


async def measure(command: Command) -> float:
    """Click ``name``, wait as told in ``until``; return the seconds between."""
    started = time.monotonic()
    await click(command)
    await wait(command["until"])
    return time.monotonic() - started


class Attention:
    """How long Qt's event loop is held: a timer that is due every few milliseconds notes
    the time between two of its turns.
    """

    def __init__(self) -> None:
        self._turns: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self._turns.append(time.perf_counter()))

    async def begin(self, command: Command) -> None:
        """Look every ``every_ms``."""
        self._turns = [time.perf_counter()]
        self._timer.start(command.get("every_ms", 5))

    async def end(self, _command: Command) -> list[float]:
        """Return the milliseconds between turns since it was begun, the longest first."""
        self._timer.stop()
        gaps = [(after - before) * 1000 for before, after in pairwise(self._turns)]
        return sorted(gaps, reverse=True)


async def shot(command: Command) -> str:
    """Photograph the whole screen, other programs' windows included, to a PNG file."""
    await asyncio.sleep(command.get("settle_s", 0.3))
    screen = QApplication.primaryScreen()
    path = Path(command["path"])
    if not screen.grabWindow(0).save(str(path)):
        raise PilotError(f"could not write {path}")
    return path.name


async def state(command: Command) -> dict[str, Any]:
    """Return what can be seen of a widget."""
    return state_of(command["name"])


async def names(_command: Command) -> list[str]:
    """Return the object names of all visible widgets."""
    return sorted(
        {
            widget.objectName()
            for widget in QApplication.allWidgets()
            if widget.isVisible() and "." in widget.objectName()
        }
    )


class Preview:
    """Click ``name`` and wait for napari; return the milliseconds to its first pixels."""

    def __init__(self, desktop: wiring.Desktop) -> None:
        self._shown = asyncio.Event()
        desktop.viewer.shown.listen(lambda _image, _milliseconds: self._shown.set())

    async def __call__(self, command: Command) -> float:
        """Measure from before the click to the viewer's word that data is drawn."""
        self._shown.clear()
        started = time.monotonic()
        before = _banner_text()
        await click(command)
        # A little longer than the desktop itself waits, so that its own words come first.
        until = started + command.get("timeout_s", FIRST_PIXELS_TIMEOUT_S + 5)
        while time.monotonic() < until:
            if _banner_text() not in ("", before):
                raise PilotError(f"napari showed nothing: {_banner_text()}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._shown.wait(), BANNER_GLANCE_S)
                return (time.monotonic() - started) * 1000
        raise PilotError("napari showed nothing in time")


def _banner_text() -> str:
    seen = state_of("browse.banner.text")
    return seen["text"] if seen["visible"] else ""


async def bring_to_front(desktop: wiring.Desktop) -> None:
    """Put the desktop's window above napari's."""
    desktop.window.bring_to_front()


COMMANDS: dict[str, Callable[[Command], Awaitable[Any]]] = {
    "choose": choose,
    "choose-all": choose_all,
    "click": click,
    "close": close,
    "drop": drop,
    "key": key,
    "measure": measure,
    "names": names,
    "shot": shot,
    "state": state,
    "type": type_text,
    "wait": wait,
}


async def listen(connection: socket.socket) -> None:
    """Do one command after the other until the other side hangs up."""
    connection.setblocking(False)  # noqa: FBT003 - the socket's own signature
    reader, writer = await asyncio.open_connection(sock=connection)
    while line := await reader.readline():
        command = json.loads(line)
        try:
            answer = {"ok": await COMMANDS[command["do"]](command)}
        except PilotError as error:
            answer = {"error": str(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()


def main() -> int:
    """Start the desktop with the pilot beside it."""
    configure_logging("desktop")
    connection = socket.socket(fileno=int(sys.argv[1]))

    def beside(desktop: wiring.Desktop) -> None:
        attention = Attention()
        COMMANDS["attend"], COMMANDS["attended"] = attention.begin, attention.end
        COMMANDS["preview"] = Preview(desktop)
        COMMANDS["front"] = lambda _command: bring_to_front(desktop)
        loop.spawn(listen(connection), name="pilot")

    return app.run(beside)


if __name__ == "__main__":
    raise SystemExit(main())
