"""Join asyncio and Qt in one place: nothing else in the house imports qasync.

Three rules keep this sound (docs/adr/0008): no nested event loop (``exec()``) inside
a coroutine, because the other task would be stuck for ever without a word; no
``app.quit()`` while the main coroutine runs, because the loop would stop under it; and
garbage is collected on this thread only, because Qt objects crash when they die elsewhere.
A fourth keeps it moving: work on more rows than a person can read goes into a thread.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from transferapp.host.collecting import is_seldom
from transferapp.host.supervise import Supervisor

#: Seconds between two looks for garbage.
COLLECT_PAUSE_S = 1.0
#: Seconds after which a thread that computes lets the window go on (Python's own: 0.005).
#: Painting a list calls Qt some hundred times, and waits for its turn after each.
TURN_S = 0.0001

ErrorHandler = Callable[[BaseException], None]

_log = structlog.get_logger(__name__)
_tasks: set[asyncio.Task[Any]] = set()
_handlers: list[ErrorHandler] = []


def make_loop(app: QApplication) -> asyncio.AbstractEventLoop:
    """Return a new asyncio loop that runs on Qt's own."""
    loop: asyncio.AbstractEventLoop = QEventLoop(app, already_running=False)
    loop.set_exception_handler(_loop_error)
    return loop


def run(app: QApplication, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run ``main`` to its end on Qt's event loop and return its exit code.

    Tasks that were spawned are cancelled and awaited afterwards.
    """
    app.setQuitOnLastWindowClosed(False)
    sys.setswitchinterval(TURN_S)

    async def run_and_drain() -> int:
        spawn(Supervisor("collecting garbage", collect_garbage).run(), name="collect garbage")
        try:
            return await main()
        finally:
            await cancel_all()

    with asyncio.Runner(loop_factory=lambda: make_loop(app)) as runner:
        return runner.run(run_and_drain())


async def collect_garbage(pause_s: float = COLLECT_PAUSE_S) -> None:
    """Collect cycles from here, for ever, when Python would.

    Python collects in whatever thread allocates next. In one that scans files it would
    destroy Qt objects there: "Timers cannot be stopped from another thread", then a crash.
    """
    gc.disable()
    try:
        while True:
            await asyncio.sleep(pause_s)
            if is_seldom():
                continue  # A thread makes more objects than can be searched in no time.
            full = zip(gc.get_count(), gc.get_threshold(), strict=True)
            due = [age for age, (count, limit) in enumerate(full) if count > limit]
            if due:
                gc.collect(due[-1])
    finally:
        gc.enable()


def log_qt_messages() -> None:
    """Send what Qt prints through the process's log, like everybody else's words."""
    qInstallMessageHandler(_log_qt)


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    level = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }.get(kind, logging.ERROR)
    _log.log(level, "Qt says", text=text)


def on_terminate(stop: Callable[[], None]) -> None:
    """Call ``stop`` on SIGTERM and SIGINT, where the platform can."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except (NotImplementedError, RuntimeError):
            _log.info("no signal handler on this platform", signal=number)


def spawn(
    coroutine: Coroutine[Any, Any, Any],
    *,
    name: str | None = None,
    on_error: ErrorHandler | None = None,
) -> asyncio.Task[Any]:
    """Run a coroutine beside the window; an error goes to ``on_error`` or the app's banner."""
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    _tasks.add(task)

    def ended(done: asyncio.Task[Any]) -> None:
        _tasks.discard(done)
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            (on_error or route_error)(error)

    task.add_done_callback(ended)
    return task


def starts(
    function: Callable[..., Coroutine[Any, Any, Any]],
    *arguments: Any,
    on_error: ErrorHandler | None = None,
) -> Callable[..., None]:
    """Return a slot that spawns ``function(*arguments)`` and ignores the signal's own values.

    ``button.clicked.connect(starts(self._import))``
    """

    def slot(*_signal_values: object) -> None:
        spawn(function(*arguments), name=function.__name__, on_error=on_error)

    return slot


def handle_errors(handler: ErrorHandler | None) -> None:
    """Set who is told of errors that no one else took (the main window's banner)."""
    _handlers.clear()
    if handler is not None:
        _handlers.append(handler)


def route_error(error: BaseException) -> None:
    """Give an error to the handler; it is always logged."""
    _log.error("a task of the desktop failed", exc_info=error)
    for handler in _handlers:
        handler(error)


async def cancel_all() -> None:
    """Cancel what was spawned and wait until it has ended."""
    mine = asyncio.current_task()
    pending = [task for task in _tasks if task is not mine]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


def _loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception") or RuntimeError(str(context.get("message")))
    route_error(error)
