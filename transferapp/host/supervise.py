"""Keep background work going: one exception must not end it for good, in silence.

Every loop that a process runs beside its requests -- following events, keeping house --
has a supervisor: what it raises is told in the log under its name, it is begun again after
a pause that grows, and ``trouble`` says meanwhile what is wrong.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from transferapp.errors import TransferAppError
from transferapp.host.backoff import Backoff

_log = structlog.get_logger(__name__)

#: Between two beginnings.
PAUSES = Backoff(0.5, 60.0)


class Supervisor:
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
        self.name = name
        self._work = work
        self._on_fault = on_fault
        self._silent_after_s = silent_after_s
        self._pauses = pauses or PAUSES
        self._task: asyncio.Task[None] | None = None
        self._fault = ""
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

    def beat(self) -> None:
        """Note that the work goes well; called by the work itself, after each round."""
        self._beat_at = time.monotonic()
        self._fault = ""

    def note(self, trouble: str) -> None:
        """Note why the work waits, which tries again by itself; until the next beat."""
        self._fault = trouble

    @property
    def trouble(self) -> str:
        """Why it does not go well now; empty when it does."""
        silent_s = time.monotonic() - self._beat_at
        if not self._fault and silent_s > self._silent_after_s:
            return f"No sign of life for {silent_s:.0f} seconds."
        return self._fault

    async def run(self) -> None:
        """Do the work here and now, until it ends by itself or this is cancelled."""
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the work goes on
                if time.monotonic() - began > self._pauses.longest_s:
                    failures = 0
                pause_s = self._pauses.pause_s(failures)
                self._note(error, pause_s, is_news=failures == 0)
            else:
                return
            await asyncio.sleep(pause_s)
            failures += 1

    def _note(self, error: Exception, pause_s: float, *, is_news: bool) -> None:
        """Log it, with the trace only the first time: it may come back every minute."""
        name = type(error).__name__
        ours = isinstance(error, TransferAppError)
        # Shown to anybody who asks for our health: no texts of foreign errors.
        self._fault = str(error) if ours else f"A defect ended it ({name}): see the log."
        say = _log.warning if ours else _log.error
        trace = error if is_news and not ours else None
        say(
            "background work failed, it is begun again",
            work=self.name,
            error=str(error) if ours else f"{name}: {error}",
            after_s=pause_s,
            exc_info=trace,
        )
        if self._on_fault is not None:
            self._on_fault(error)


@asynccontextmanager
async def supervised(name: str, work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Keep ``work`` going while the block runs."""
    supervisor = Supervisor(name, work)
    supervisor.start()
    try:
        yield
    finally:
        await supervisor.stop()
