"""An event loop in a thread: what talks to servers never holds up napari's window."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from qtpy.QtCore import QObject, Signal

T = TypeVar("T")

_CLOSING_S = 3.0


class EventThread:
    """Runs coroutines in a thread of its own, for as long as the process lives."""

    def __init__(self) -> None:
        """Start it."""
        self._loop = asyncio.new_event_loop()
        # A daemon: a server that does not answer must not keep napari from ending.
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="transferapp", daemon=True
        )
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine there."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, last: Coroutine[Any, Any, object]) -> None:
        """Do a last thing, then end the thread; from any other thread, which does not wait."""

        async def end() -> None:
            try:
                await asyncio.wait_for(last, _CLOSING_S)
            finally:
                self._loop.call_soon(self._loop.stop)

        self.start(end())


class Courier(QObject):
    """Brings what came of a coroutine to the GUI thread, where the courier lives."""

    _arrived = Signal(object)

    def __init__(self, thread: EventThread, parent: QObject) -> None:
        """Work in ``thread``; what comes after the parent has gone is dropped."""
        super().__init__(parent)
        self._thread = thread
        self._arrived.connect(lambda deliver: deliver())

    def ask(
        self,
        work: Coroutine[Any, Any, T],
        done: Callable[[T], object],
        failed: Callable[[BaseException], object],
    ) -> None:
        """Run ``work`` there; exactly one of the others is called here afterwards."""

        def came(future: Future[T]) -> None:
            error = future.exception()
            if error is not None:
                self.report(lambda: failed(error))
            else:
                self.report(lambda: done(future.result()))

        self._thread.start(work).add_done_callback(came)

    def report(self, deliver: Callable[[], object]) -> None:
        """Call something on the GUI thread, from any thread."""
        try:
            self._arrived.emit(deliver)
        except RuntimeError:
            return  # Qt has deleted us: nobody looks any more.
