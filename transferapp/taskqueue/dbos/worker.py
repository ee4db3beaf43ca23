"""Run tasks in this process: launch the engine, keep house, and hand back at the end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from typing_extensions import override

from transferapp.errors import TransferAppError
from transferapp.host.backoff import Backoff
from transferapp.host.clock import Clock
from transferapp.host.sparing import sparing
from transferapp.host.supervise import SupervisedThread, Supervisor
from transferapp.taskqueue.dbos.circuit_monitor import CircuitMonitor
from transferapp.taskqueue.dbos.dispatcher import Dispatcher
from transferapp.taskqueue.dbos.engine import APP_NAME, APP_VERSION, WORKFLOW, EngineClient
from transferapp.taskqueue.dbos.failures import engine_failures
from transferapp.taskqueue.dbos.maintenance import Maintenance
from transferapp.taskqueue.dbos.quiet import quiet_engine_log
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.resource_store import ResourceStore
from transferapp.taskqueue.dbos.runner import TaskRunner
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.values import work_class_of
from transferapp.taskqueue.dbos.wakeups import Wakeups
from transferapp.taskqueue.dbos.worker_registry import WorkerRegistry
from transferapp.taskqueue.port import Task, TaskKind, TaskWorker, WorkClass

_log = structlog.get_logger(__name__)

Workflow = Callable[[str], Coroutine[Any, Any, None]]

#: What a stopped step may take to clean up (seconds).
_STOP_WITHIN_S = 10.0


class DbosTaskWorker(TaskWorker):
    """Takes tasks on the loop that starts it. The engine allows one per process."""

    def __init__(
        self,
        engine: sa.Engine,
        kinds: Sequence[TaskKind],
        clock: Clock,
        settings: QueueSettings | None = None,
    ) -> None:
        """Run tasks of ``kinds`` from the database of ``engine``."""
        self._database = engine
        self._settings = settings or QueueSettings()
        self._records = TaskRecords(engine, clock)
        self._engine = EngineClient(engine)
        self._registry = WorkerRegistry(engine, self._settings.dead_after_s)
        self._store = ResourceStore(engine, self._settings)
        monitor = CircuitMonitor(self._records, self._store)
        self._maintenance = Maintenance(
            self._records, self._engine, self._registry, monitor, self._settings
        )
        self._runner = TaskRunner(self._records, self._store, kinds)
        self._runs: set[asyncio.Task[object]] = set()
        #: Claimed rows on their way into the engine.
        self._claimed: dict[str, sa.RowMapping] = {}
        self._dispatcher = Dispatcher(
            self._registry.id, self._records, self._engine, self._settings, self._start
        )
        self._serving = Supervisor("claims of tasks", self._dispatcher.serve)
        self._housekeeping = Supervisor("the queue's housekeeping", self._maintain)
        self._wakeups: Wakeups | None = None
        self._stopping = threading.Event()
        self._heart: SupervisedThread | None = None
        #: Held by a round of housekeeping, which a cancelled wait for it does not end.
        self._rounds = threading.Lock()
        #: Tasks whose owners are still to be told.
        self._untold: list[Task] = []
        #: Others may look dead only because the database was away: until then, trust.
        self._trust_until = 0.0

    @override
    async def start(self) -> None:
        quiet_engine_log()
        self._stopping.clear()
        self._untold = await asyncio.to_thread(self._prepare)
        # On this loop, because the engine runs tasks on the loop it is launched from. It
        # blocks for some 50 ms, once, before there is anything to disturb.
        self._launch()
        # Without a heart this worker would lose its tasks while it runs them: no long pauses.
        pauses = Backoff(self._settings.beat_s, self._settings.beat_s)
        self._heart = SupervisedThread(
            "the worker's heartbeat", self._beat, self._stopping, pauses=pauses
        )
        self._heart.start()
        self._housekeeping.start()
        self._dispatch()
        _log.info("worker started", worker=self._registry.id)

    @override
    async def stop(self) -> None:
        self._stopping.set()
        for own in (self._housekeeping, self._serving):
            await own.stop()
        await asyncio.to_thread(self._await_threads)
        for run in self._runs:
            run.cancel()
        if self._runs:
            await asyncio.wait(self._runs, timeout=_STOP_WITHIN_S)
        # The engine lent its own threads to this loop and takes them with it.
        _use_threads_of_this_worker()
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        _use_threads_of_this_worker()
        await asyncio.to_thread(self._hand_back)
        _log.info("worker stopped", worker=self._registry.id)

    def _prepare(self) -> list[Task]:
        with engine_failures():
            _ = self._engine.client
            for resource, ceiling in self._settings.limits.items():
                with sparing("target of the queue", resource):
                    self._store.declare(resource, ceiling)
            self._registry.beat()
            return self._maintenance.round()

    def _launch(self) -> None:
        sqlite = self._database.dialect.name == "sqlite"
        config = DBOSConfig(
            name=APP_NAME,
            system_database_engine=self._database,
            system_database_url=str(self._database.url) if sqlite else None,
            executor_id=self._registry.id,
            application_version=APP_VERSION,
            serializer=DBOSPortableJSONSerializer(),
            run_migrations=False,
            log_level="WARNING",
        )
        DBOS(config=config)
        self._workflow = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(self._run())
        # We claim; of the engine's queues only its own is used, for runs that go on.
        DBOS.listen_queues([])
        DBOS.launch()

    def _dispatch(self) -> None:
        self._serving.start()
        wake = partial(_wake, asyncio.get_running_loop(), self._dispatcher)
        self._wakeups = Wakeups(self._database, wake)
        self._wakeups.start()

    async def _start(self, row: sa.RowMapping) -> None:
        """Begin a run that the engine does not know yet, in this process and at once."""
        self._claimed[row["id"]] = row
        with SetWorkflowID(row["id"]):
            await DBOS.start_workflow_async(self._workflow, row["id"])

    def _run(self) -> Workflow:
        async def run_task(task_id: str) -> None:
            """One run of one task; the engine's wrapping of it ends with the same task."""
            current = asyncio.current_task()
            if self._stopping.is_set() or current is None:
                raise asyncio.CancelledError
            self._runs.add(current)
            current.add_done_callback(self._runs.discard)
            row = self._claimed.pop(task_id, None)
            if row is None:
                row = await self._runner.begin(task_id, self._registry.id)
            if row is None:
                _log.info("task not run: it was stopped or has ended", task=task_id)
                return
            await self._run_row(row)

        return run_task

    async def _run_row(self, row: sa.RowMapping) -> None:
        self._dispatcher.began(row["id"], work_class_of(row["lane"]) or WorkClass.TRANSFERS)
        try:
            await self._runner.run(row)
        except BaseException:
            # Cancelled or paused; a worker that stops hands everything back by itself.
            if not self._stopping.is_set():
                await self._runner.let_go(row)
            raise
        finally:
            self._dispatcher.ended(row["id"])

    def _beat(self) -> None:
        """Run in a thread of its own: a busy loop is no sign of death."""
        while not self._stopping.is_set():
            try:
                with engine_failures():
                    self._registry.beat()
                    self._store.flush()
            except TransferAppError as error:
                self._trust_until = time.monotonic() + self._settings.dead_after_s
                _log.warning("heartbeat failed", error=error.message)
            else:
                if self._heart is not None:
                    self._heart.beat()
            self._stopping.wait(self._settings.beat_s)

    async def _maintain(self) -> None:
        while True:
            untold, self._untold = self._untold, []
            for task in untold:
                with sparing("owner of a task", task.id):
                    await self._runner.notify(task)
            self._housekeeping.beat()
            await asyncio.sleep(self._settings.beat_s)
            self._untold = await self._round()

    async def _round(self) -> list[Task]:
        try:
            return await asyncio.to_thread(self._round_blocking)
        except TransferAppError as error:
            self._trust_until = time.monotonic() + self._settings.dead_after_s
            _log.warning("housekeeping of the queue failed", error=error.message)
        return []

    def _round_blocking(self) -> list[Task]:
        with self._rounds, engine_failures():
            if self._stopping.is_set():
                return []
            return self._maintenance.round(recover=time.monotonic() >= self._trust_until)

    def _await_threads(self) -> None:
        """Wait for our own threads: they must not use the database after the stop."""
        if self._wakeups is not None:
            self._wakeups.stop()
        if self._heart is not None:
            self._heart.join(_STOP_WITHIN_S)
        if self._rounds.acquire(timeout=_STOP_WITHIN_S):
            self._rounds.release()

    def _hand_back(self) -> None:
        try:
            with engine_failures():
                self._store.flush()
                for row in self._records.held(tasks.c.holder == self._registry.id):
                    self._records.let_go(row["id"], row["run"])
                self._registry.leave()
        except TransferAppError as error:
            # Others take over once this worker has been silent for long enough.
            _log.warning("tasks not handed back", error=error.message)
        finally:
            self._engine.close()


def _wake(loop: asyncio.AbstractEventLoop, dispatcher: Dispatcher) -> None:
    # The loop may be closing while the thread still rings.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(dispatcher.wake)


def _use_threads_of_this_worker() -> None:
    pool = ThreadPoolExecutor(thread_name_prefix="asyncio")
    asyncio.get_running_loop().set_default_executor(pool)
