"""The engine's client side: stop runs, and queue them again."""

from __future__ import annotations

import threading
from contextlib import suppress

import sqlalchemy as sa
from dbos import DBOSClient, DBOSPortableJSONSerializer, error as dbos_error

from transferapp.host.sqlite import check_new_enough
from transferapp.taskqueue.dbos.failures import patient_engine
from transferapp.taskqueue.dbos.quiet import quiet_engine_log
from transferapp.taskqueue.dbos.schema import prepare

#: Constant names: tasks outlive releases, and a new version would strand them.
APP_NAME = "transferapp"
APP_VERSION = "transferapp-1"
WORKFLOW = "transferapp-task"

#: What the engine calls a run that has ended.
ENDED = ("SUCCESS", "ERROR", "CANCELLED")


class EngineClient:
    """A lazy DBOSClient. Blocking: call it from a thread."""

    def __init__(self, engine: sa.Engine) -> None:
        """Connect at the first use only, so that a server starts without its database.

        Raises SettingsInvalid where SQLite is too old for the engine.
        """
        check_new_enough(engine)
        patient_engine(engine)
        self._engine = engine
        self._lock = threading.Lock()
        self._opened: DBOSClient | None = None

    @property
    def client(self) -> DBOSClient:
        """The client; the first use creates or migrates the tables."""
        with self._lock:
            if self._opened is None:
                quiet_engine_log()
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

    def stop(self, task_id: str) -> None:
        """Stop a run at its next await; one that never began needs no stopping."""
        with suppress(dbos_error.DBOSNonExistentWorkflowError):
            self.client.cancel_workflow(task_id)

    def again(self, task_id: str) -> bool:
        """Queue a run again: from its first failed step, or from where it stopped. The
        steps before are kept, and what still runs of it is fenced off.

        False when the engine does not know it: its worker died before it began.
        """
        try:
            status = self.status(task_id)
        except dbos_error.DBOSNonExistentWorkflowError:
            return False
        steps = self.client.list_workflow_steps(task_id)
        failed = [step["function_id"] for step in steps if step["error"] is not None]
        if not failed and status not in ("SUCCESS", "ERROR"):
            self.client.resume_workflow(task_id)
            return True
        if status not in ENDED:
            # Its failed run is about to end, and may not end this one.
            self.client.cancel_workflow(task_id)
        last = max((step["function_id"] for step in steps), default=0)
        self.client.rewind_workflow(
            task_id,
            start_step=min(failed, default=last + 1),
            application_version=APP_VERSION,
        )
        return True

    def status(self, task_id: str) -> str:
        """Return the engine's word for where the run is."""
        return str(self.client.retrieve_workflow(task_id).get_status().status)

    def forget(self, task_ids: list[str]) -> None:
        """Delete the engine's rows of ended tasks."""
        self.client.delete_workflows(task_ids)
