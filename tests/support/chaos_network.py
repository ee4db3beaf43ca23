"""The chaos run again, with every worker on a host of its own whose link can fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from typing_extensions import override

from tests.support.chaos import Aftermath, Chaos, ChaosRun, patiently
from tests.support.chaos_namespaces import Network
from tests.support.chaos_process import ChaosWorker
from transferapp.errors import Unavailable
from transferapp.host.database import reading
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.schema import leases

#: Longer than a worker may be silent (5 s), shorter and longer than a connection lives.
CUTS_S = (20.0, 8.0)
#: A step that was under way at a cut ends by itself; after that there must be silence.
_UNDER_WAY_S = 2.0
#: From the link's return to the next step: it has to connect again, and to find work.
BACK_WITHIN_S = 60.0
#: So much of the work comes last and bit by bit, when all workers are back.
_LAST = 0.2
_LAST_EVERY_S = 0.2
#: While one that came back has not got any of it yet: so that it can.
_SLOWLY_S = 1.5


@dataclass(frozen=True)
class NetworkChaosRun(ChaosRun):
    """A chaos run with workers that are cut off: the maintenance's leader first, then any."""

    cuts: int = 0

    @override
    def events(self) -> list[str]:
        """Return the chaos run's events; cuts come early enough for the cut to come back."""
        events = super().events()
        for number in range(self.cuts):
            events.insert(round((len(events) + 1) * (number + 1) * 0.7 / self.cuts), "cut")
        return events

    @override
    def interruptions(self) -> int:
        """Return how often a worker's steps in flight may be lost."""
        return super().interruptions() + self.cuts


@dataclass
class Cut:
    """One worker without its network (in seconds of the journal)."""

    pid: int
    host: int
    began: float
    ended: float = float("inf")

    def steps_meanwhile(self, lines: list[list[str]]) -> int:
        """Count the steps that this worker began while others were to do its work."""
        return sum(self.began + _UNDER_WAY_S < at < self.ended for at in self._begins(lines))

    def back_after_s(self, lines: list[list[str]]) -> float:
        """Return how long after the cut this worker began a step again."""
        after = (at - self.ended for at in self._begins(lines) if at > self.ended)
        return round(min(after, default=float("inf")), 1)

    def _begins(self, lines: list[list[str]]) -> list[float]:
        mine = [line for line in lines if int(line[1]) == self.pid and line[2] == "begin"]
        return [float(line[0]) for line in mine]


@dataclass
class NetworkChaos(Chaos):
    """One chaos run over workers that reach the database at ``network_url`` only."""

    chaos_run: NetworkChaosRun
    network: Network = field(kw_only=True)
    network_url: str = field(kw_only=True)
    cuts: list[Cut] = field(default_factory=list, kw_only=True)
    _mending: list[asyncio.Task[None]] = field(default_factory=list, kw_only=True)

    def steps_meanwhile(self) -> int:
        """Count steps that workers began while they were cut off."""
        return sum(cut.steps_meanwhile(self._lines()) for cut in self.cuts)

    def back_after_s(self) -> list[float]:
        """Return how long each cut worker took to work again (infinity: it did not).

        One with a slow link came back too, but others are faster to take what there is.
        """
        lines = self._lines()
        quick = [cut for cut in self.cuts if cut.host not in self.network.slow]
        return [cut.back_after_s(lines) for cut in quick]

    @override
    async def _enqueue(self, queue: DbosTaskQueue, numbers: range) -> None:
        last = max(numbers.start, int(self.chaos_run.tasks * (1 - _LAST)))
        await super()._enqueue(queue, range(numbers.start, min(last, numbers.stop)))
        for number in range(last, numbers.stop):
            await self._all_here(queue)
            await super()._enqueue(queue, range(number, number + 1))
            all_back = max(self.back_after_s(), default=0.0) < float("inf")
            await asyncio.sleep(_LAST_EVERY_S if all_back else _SLOWLY_S)

    async def _all_here(self, queue: DbosTaskQueue) -> None:
        """Wait for the last cut's end, and for every worker to show that it lives."""
        while self._cuts_to_come():  # noqa: ASYNC110  # others break things meanwhile
            await asyncio.sleep(0.1)
        while True:
            alive = {worker.pid for worker in await patiently(queue.workers)}
            if alive >= {worker.process.pid for worker in self._workers}:
                return
            await asyncio.sleep(0.1)

    def _cuts_to_come(self) -> bool:
        mended = sum(task.done() for task in self._mending)
        return mended < self.chaos_run.cuts

    @override
    def _worker(self, name: str) -> ChaosWorker:
        host = self.network.at(int(name))
        return ChaosWorker(self.network_url, self.folder, self.chaos_run.limit, name, host)

    @override
    def _ways_to_break(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {**super()._ways_to_break(), "cut": self._cut}

    @override
    async def _break_things(self) -> None:
        try:
            await super()._break_things()
            await asyncio.gather(*self._mending)
        finally:
            for task in self._mending:
                task.cancel()

    async def _cut(self) -> None:
        """Take a worker's network away for a while, in which other things break too."""
        number = len(self.cuts)
        worker = await self._leader() if number == 0 else self._any_busy()
        host = int(worker.name)
        # In turn: packets vanish without a word, or the kernel sees that the link is down.
        cut = self.network.unplug if number % 2 else self.network.cut
        await asyncio.to_thread(cut, host)
        self.cuts.append(Cut(worker.process.pid, host, time.monotonic()))
        length_s = CUTS_S[number // 2 % len(CUTS_S)]
        self._mending.append(asyncio.create_task(self._mend(self.cuts[-1], host, length_s)))

    async def _mend(self, cut: Cut, host: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        cut.ended = time.monotonic()
        await asyncio.to_thread(self.network.mend, host)

    def _any_busy(self) -> ChaosWorker:
        busy = self._busy_pids()
        return self._random.choice([w for w in self._workers if w.process.pid in busy])

    @override
    def _fit_pids(self) -> set[int]:
        """Spare those that were cut off until they are back at work: it is to be seen."""
        lines = self._lines()
        away = {cut.pid for cut in self.cuts if cut.back_after_s(lines) == float("inf")}
        return super()._fit_pids() - away

    async def _leader(self) -> ChaosWorker:
        """Return the worker that keeps house."""
        while True:
            holder = await asyncio.to_thread(self._holder)
            for worker in self._workers:
                known = f"host-{worker.name}:{worker.process.pid}:" in holder
                # The lease of one that was just killed lasts a little longer.
                if known and worker.process.poll() is None:
                    return worker
            await asyncio.sleep(0.1)

    def _holder(self) -> str:
        query = sa.select(leases.c.holder).where(leases.c.name == "janitor")
        try:
            with reading(self._engine) as connection:
                return connection.execute(query).scalar() or ""
        except Unavailable:
            return ""


def assert_fenced(chaos: NetworkChaos) -> None:
    """Cut workers left their tasks alone, and took up others when they came back."""
    assert chaos.steps_meanwhile() == 0
    assert max(chaos.back_after_s(), default=0.0) < BACK_WITHIN_S


def describe(chaos: NetworkChaos, aftermath: Aftermath) -> str:
    """One line for the log of the tests."""
    lengths = [round(cut.ended - cut.began) for cut in chaos.cuts]
    return f"{aftermath}, cut for {lengths} s, back at work after {chaos.back_after_s()} s"
