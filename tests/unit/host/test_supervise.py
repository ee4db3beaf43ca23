"""Background work goes on after what would have ended it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from transferapp.errors import Unavailable
from transferapp.host.backoff import Backoff
from transferapp.host.supervise import SupervisedThread, Supervisor, failing, supervised

QUICK = Backoff(0.01, 0.04)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class Work:
    """Fails as often as it is told, then beats for ever."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.begun = 0
        self.supervisor = Supervisor("some work", self.run, pauses=QUICK)

    async def run(self) -> None:
        self.begun += 1
        if self.failures:
            raise self.failures.pop(0)
        while True:
            self.supervisor.beat()
            await asyncio.sleep(0.005)


async def test_it_is_begun_again_and_states_so() -> None:
    work = Work(KeyError("a"), KeyError("b"), Unavailable("away"))
    with capture_logs() as logs:
        work.supervisor.start()
        await until(lambda: work.begun == 4)
        await work.supervisor.stop()
    assert [(e["work"], e["error"], e["log_level"]) for e in logs] == [
        ("some work", "KeyError: 'a'", "error"),
        ("some work", "KeyError: 'b'", "error"),
        ("some work", "away", "warning"),
    ]
    assert [bool(e.get("exc_info")) for e in logs] == [True, False, False]
    failed, waits = "background work failed, it is begun again", "background work waits"
    assert [e["event"] for e in logs] == [failed, failed, waits]
    assert [e["after_s"] for e in logs] == [0.01, 0.02, 0.04]


async def test_problem_is_reported_until_it_goes_well() -> None:
    work = Work(ValueError("odd"))
    work.supervisor._pauses = Backoff(0.1, 0.1)
    work.supervisor.start()
    assert work.supervisor.problem == ""
    await until(
        lambda: work.supervisor.problem == "A defect ended it (ValueError): see the log."
    )
    await until(lambda: work.supervisor.problem == "")
    await work.supervisor.stop()


async def test_work_that_is_stuck_is_reported() -> None:
    supervisor = Supervisor("stuck", asyncio.Event().wait, silent_after_s=0.02)
    supervisor.start()
    await until(lambda: "No sign of life" in supervisor.problem)
    await supervisor.stop()


async def test_work_that_ends_by_itself_has_ended() -> None:
    ran: list[int] = []

    async def once() -> None:
        ran.append(1)

    async with supervised("once", once):
        await asyncio.sleep(0.05)
    assert ran == [1]


async def test_work_may_stop_its_own_supervisor() -> None:
    async def stop() -> None:
        await supervisor.stop()

    supervisor = Supervisor("itself", stop)
    supervisor.start()
    async with asyncio.timeout(60):
        await asyncio.sleep(0.01)
        await supervisor.stop()


async def test_who_watches_hears_of_each_fault() -> None:
    heard: list[Exception] = []
    errors = [KeyError("a"), KeyError("b")]

    async def fail() -> None:
        if errors:
            raise errors.pop(0)

    supervisor = Supervisor("watched", fail, on_fault=heard.append, pauses=QUICK)
    supervisor.start()
    await until(lambda: len(heard) == 2)
    await supervisor.stop()
    with pytest.raises(IndexError):
        errors.pop()


class Thread:
    """Blocking work that fails as often as it is told, then beats until the stop."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.stopping = threading.Event()
        self.kept = SupervisedThread("a thread", self.run, self.stopping, pauses=QUICK)

    def run(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ValueError("odd")
        while not self.stopping.wait(0.005):
            self.kept.beat()


async def test_a_thread_is_begun_again_and_ends_with_its_stop() -> None:
    work = Thread(failures=4)
    work.kept.start()
    await until(lambda: work.failures == 0 and work.kept.problem == "")
    work.stopping.set()
    work.kept.join(5)
    assert not work.kept._thread.is_alive()


async def test_the_stop_ends_a_threads_pause() -> None:
    work = Thread(failures=1000)
    work.kept._pauses = Backoff(600.0, 600.0)
    work.kept.start()
    await until(lambda: bool(work.kept.problem))
    work.stopping.set()
    work.kept.join(5)
    assert not work.kept._thread.is_alive()


async def test_what_keeps_failing_is_named_until_it_goes_well() -> None:
    work, well = Work(*[KeyError("secret")] * 5), Work()
    assert failing() == ""
    work.supervisor.start()
    well.supervisor.start()
    await until(lambda: failing() != "")
    assert work.begun >= 3
    assert failing() == (
        "This keeps failing and is begun again:"
        " some work (A defect ended it (KeyError): see the log.)"
    )
    await until(lambda: failing() == "")
    assert work.begun == 6
    await work.supervisor.stop()
    await well.supervisor.stop()


async def test_what_runs_long_after_its_failures_counts_as_well() -> None:
    failures = [ValueError("odd")] * 3

    async def never_beats() -> None:
        if failures:
            raise failures.pop()
        await asyncio.Event().wait()

    supervisor = Supervisor("quiet", never_beats, pauses=Backoff(0.01, 0.1))
    supervisor.start()
    await until(lambda: failing() != "")
    await until(lambda: failing() == "")
    assert not failures
    await supervisor.stop()


async def test_what_has_been_stopped_fails_no_more() -> None:
    work = Work(*[KeyError("a")] * 1000)
    work.supervisor.start()
    await until(lambda: failing() != "")
    await work.supervisor.stop()
    assert failing() == ""


async def test_the_same_fault_is_logged_once_in_a_while() -> None:
    work = Work(*[KeyError("a")] * 9)
    with capture_logs() as logs:
        work.supervisor.start()
        await until(lambda: work.begun == 10)
        await work.supervisor.stop()
    assert len(logs) == 1
