"""Keep background work going: one exception must not end it for good, in silence.

Every loop that a process runs beside its requests -- following events, keeping house --
has a supervisor: what it raises is told in the log under its name, it is begun again after
a pause that grows, and ``problem`` says meanwhile what is wrong. ``failing`` says what of a
process keeps failing; health, ``doctor`` and the desktop show it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from typing_extensions import override

from transferapp.errors import TransferAppError
from transferapp.host.backoff import Backoff

_log = structlog.get_logger(__name__)

#: Between two beginnings.
PAUSES = Backoff(0.5, 60.0)
#: Who fails so often in a row keeps failing: that is worth telling a person.
_KEEPS_FAILING = 3
#: The same fault is logged again after so many seconds.
_LOGGED_AGAIN_S = 60.0

#: What is kept going in this process, from any thread.
_kept_going: set[_Work] = set()
_lock = threading.Lock()


def failing() -> str:
    """Return what of this process keeps failing, as a sentence; empty when nothing does.

    It may be shown to anybody: it has no texts of foreign errors.
    """
    with _lock:
        works = sorted(_kept_going, key=lambda work: work.name)
    found = [f"{work.name} ({work.problem})" for work in works if work.keeps_failing]
    return f"This keeps failing and is begun again: {'; '.join(found)}" if found else ""


class _Work:
    """What is known of one piece of background work."""

    def __init__(
        self, name: str, on_fault: Callable[[Exception], None] | None, pauses: Backoff | None
    ) -> None:
        self.name = name
        self._on_fault = on_fault
        self._pauses = pauses or PAUSES
        self._fault = ""
        #: How often it failed in a row, and since when it runs (None in a pause).
        self._failures = 0
        self._began_at: float | None = None
        self._logged = ("", 0.0)

    def beat(self) -> None:
        """Note that the work goes well; called by the work itself, after each round."""
        self._fault = ""

    @property
    def problem(self) -> str:
        """Why it does not go well now; empty when it does."""
        return self._fault

    @property
    def keeps_failing(self) -> bool:
        """Whether it failed several times in a row, and has not gone well since."""
        return self._failures >= _KEEPS_FAILING and bool(self.problem) and not self._runs_long()

    def _runs_long(self) -> bool:
        began = self._began_at
        return began is not None and time.monotonic() - began > self._pauses.longest_s

    def _begin(self) -> None:
        with _lock:
            _kept_going.add(self)
        self._began_at = time.monotonic()

    def _end(self) -> None:
        with _lock:
            _kept_going.discard(self)

    def _failed(self, error: Exception) -> float:
        """Note what ended it; returns the pause before it is begun again (seconds)."""
        if self._runs_long():
            self._failures = 0
        pause_s = self._pauses.pause_s(self._failures)
        self._note(error, pause_s, is_news=self._failures == 0)
        self._failures += 1
        self._began_at = None
        return pause_s

    def _note(self, error: Exception, pause_s: float, *, is_news: bool) -> None:
        """Log it, with the trace only the first time: it may come back every minute."""
        name = type(error).__name__
        ours = isinstance(error, TransferAppError)
        # Shown to anybody who asks for our health: no texts of foreign errors.
        self._fault = str(error) if ours else f"A defect ended it ({name}): see the log."
        text, now = str(error) if ours else f"{name}: {error}", time.monotonic()
        if is_news or text != self._logged[0] or now - self._logged[1] > _LOGGED_AGAIN_S:
            self._logged = (text, now)
            self._report(text, pause_s, error if is_news else None, ours=ours)
        if self._on_fault is not None:
            self._on_fault(error)

    def _report(
        self, text: str, pause_s: float, trace: Exception | None, *, ours: bool
    ) -> None:
        if ours:
            _log.warning("background work waits", work=self.name, error=text, after_s=pause_s)
            return
        _log.error(
            "background work failed, it is begun again",
            work=self.name,
            error=text,
            after_s=pause_s,
            exc_info=trace,
        )


class Supervisor(_Work):
    """Runs ``work`` until it returns by itself or ``stop`` is called; on one event loop."""

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[object]],
        *,
        on_fault: Callable[[Exception], None] | None = None,
        silent_after_s: float = float("inf"),
        pauses: Backoff | None = None,
    ) -> None:
        """``on_fault`` is called with what ended it, before the pause. Work that calls
        ``beat`` counts as stuck when it did not do so for ``silent_after_s`` seconds.
        """
        super().__init__(name, on_fault, pauses)
        self._work = work
        self._silent_after_s = silent_after_s
        self._task: asyncio.Task[None] | None = None
        self._beat_at = time.monotonic()

    def start(self) -> None:
        """Begin, beside what is going on."""
        self.beat()
        self._task = asyncio.create_task(self.run(), name=self.name)

    async def stop(self) -> None:
        """End it, and return when it has ended. Work may stop itself."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def cancel(self) -> None:
        """End it at its next await, for those who cannot wait for that."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    @override
    def beat(self) -> None:
        super().beat()
        self._beat_at = time.monotonic()

    def note(self, problem: str) -> None:
        """Note why the work waits, which tries again by itself; until the next beat."""
        self._fault = problem

    @property
    @override
    def problem(self) -> str:
        silent_s = time.monotonic() - self._beat_at
        if not self._fault and silent_s > self._silent_after_s:
            return f"No sign of life for {silent_s:.0f} seconds."
        return self._fault

    async def run(self) -> None:
        """Do the work here and now, until it ends by itself or this is cancelled."""
        try:
            while True:
                self._begin()
                try:
                    await self._work()
                except Exception as error:  # noqa: BLE001 - whatever it is, the work goes on
                    pause_s = self._failed(error)
                else:
                    return
                await asyncio.sleep(pause_s)
        finally:
            self._end()


class SupervisedThread(_Work):
    """Runs ``work``, which blocks, in a thread of its own until it returns by itself.

    ``stopping`` ends the pauses; the work must look at it by itself.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        stopping: threading.Event,
        *,
        pauses: Backoff | None = None,
    ) -> None:
        super().__init__(name, None, pauses)
        self._work = work
        self._stopping = stopping
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def join(self, within_s: float) -> None:
        """Wait until it has ended, so long at most; blocking."""
        self._thread.join(within_s)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._begin()
                try:
                    self._work()
                except Exception as error:  # noqa: BLE001 - whatever it is, the work goes on
                    self._stopping.wait(self._failed(error))
                else:
                    return
        finally:
            self._end()


@asynccontextmanager
async def supervised(name: str, work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Keep ``work`` going while the block runs."""
    supervisor = Supervisor(name, work)
    supervisor.start()
    try:
        yield
    finally:
        await supervisor.stop()
