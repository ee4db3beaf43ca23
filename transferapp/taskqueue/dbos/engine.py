"""The engine's client side: put work into its tables, stop it, and wake it again."""

from __future__ import annotations

import threading

import sqlalchemy as sa
from dbos import DBOSClient, DBOSPortableJSONSerializer

from transferapp.taskqueue.dbos.failures import patient_engine
from transferapp.taskqueue.dbos.schema import prepare
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.port import NewTask

#: Constant names: tasks outlive releases, and a new version would strand them.
APP_NAME = "transferapp"
APP_VERSION = "transferapp-1"
WORKFLOW = "transferapp-task"

#: What the engine calls a run that did not end yet, and one that somebody stopped.
PENDING = "PENDING"
CANCELLED = "CANCELLED"
ENDED = ("SUCCESS", "ERROR", CANCELLED)


class EngineClient:
    """A lazy DBOSClient. Blocking: call it from a thread."""

    def __init__(self, engine: sa.Engine, settings: QueueSettings) -> None:
        """Connect at the first use only, so that a server starts without its database."""
        patient_engine(engine)
        self._engine = engine
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: DBOSClient | None = None

    @property
    def client(self) -> DBOSClient:
        """The client; the first use creates or migrates the tables."""
        with self._lock:
            if self._opened is None:
                prepare(self._engine)
                postgres = self._engine.dialect.name == "postgresql"
                self._opened = DBOSClient(
                    system_database_engine=self._engine,
                    dbos_system_schema="dbos" if postgres else None,
                    serializer=DBOSPortableJSONSerializer(),
                    application_name=APP_NAME,
                    retry_connection_errors=False,
                )
            return self._opened

    def close(self) -> None:
        """Let go of the client; the engine stays open, it is the caller's."""
        with self._lock:
            if self._opened is not None:
                self._opened.destroy()
                self._opened = None

    def shape_queue(self, name: str, limit: int, *, stopped: bool = False) -> None:
        """Make a queue, or change its limit; a stopped one starts nothing."""
        per_owner = self._settings.per_owner or limit
        self.client.register_queue(
            name,
            global_concurrency=limit,
            partition_concurrency=min(limit, per_owner),
            polling_interval_sec=self._settings.poll_interval_s(self._engine.dialect.name),
            # A rate of none per second: the engine allows no concurrency of 0.
            limiter={"limit": 0, "period": 1.0} if stopped else None,
        )

    def drop_queue(self, name: str) -> None:
        """Spare the workers looking at a queue; its tasks stay."""
        self.client.delete_queue(name)

    def queue_names(self) -> set[str]:
        """Return the queues that workers look at."""
        return {queue.name for queue in self.client.list_queues()}

    def enqueue(self, connection: sa.Connection, task: NewTask) -> None:
        """Add the engine's row in the caller's transaction."""
        self.client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": WORKFLOW,
                "queue_name": queue_name(task.target),
                # Without a partition key the engine would accept it and never run it.
                "queue_partition_key": task.owner or "-",
                "workflow_id": task.id,
                "app_version": APP_VERSION,
                "priority": task.priority,
            },
            task.id,
        )

    def stop(self, task_id: str) -> None:
        """Take a task out of its queue, or stop its run at the next await."""
        self.client.cancel_workflow(task_id)

    def hand_on(self, row: sa.RowMapping, queue: str = "") -> None:
        """Queue a run that did not end (dead worker, pause) again from its last step."""
        name = queue or queue_name(row["target"])
        self.client.resume_workflow(row["id"], queue_name=name)

    def wake(self, row: sa.RowMapping, queue: str = "") -> None:
        """Queue an ended run again, from its first failed step, with the steps before
        it kept. Raises DBOSException while the run has not quite ended.
        """
        steps = self.client.list_workflow_steps(row["id"])
        failed = [step["function_id"] for step in steps if step["error"] is not None]
        last = max((step["function_id"] for step in steps), default=0)
        self.client.rewind_workflow(
            row["id"],
            start_step=min(failed, default=last + 1),
            queue_name=queue or queue_name(row["target"]),
            queue_partition_key=row["owner"] or "-",
            application_version=APP_VERSION,
        )

    def status(self, task_id: str) -> str:
        """Return the engine's word for where the run is."""
        return str(self.client.retrieve_workflow(task_id).get_status().status)

    def forget(self, task_ids: list[str]) -> None:
        """Delete the engine's rows of ended tasks."""
        self.client.delete_workflows(task_ids)


def queue_name(target: str) -> str:
    """Return the engine's queue for a target: one per target, so limits stay apart."""
    return f"target:{target}"
