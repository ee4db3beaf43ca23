"""Notice at once that there may be work: PostgreSQL tells, SQLite shows a new version."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

import psycopg
import sqlalchemy as sa
import structlog

from transferapp.host.sqlite import sqlite3

_log = structlog.get_logger(__name__)

_CHANNEL = "transferapp_task"
#: Asking SQLite for its version reads one number from memory: about 10 microseconds.
_SQLITE_EVERY_S = 0.05
#: How soon a lost connection is tried again; meanwhile the worker only polls.
_AGAIN_AFTER_S = 2.0
_STOP_LOOK_S = 0.5


def announce(connection: sa.Connection) -> None:
    """Wake the workers when this transaction ends well."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(_CHANNEL, "")))


class Wakeups:
    """A thread that rings when tasks may have come."""

    def __init__(self, engine: sa.Engine, ring: Callable[[], None]) -> None:
        """Watch the database of ``engine``; ``ring`` is called from the thread."""
        self._engine = engine
        self._ring = ring
        self._interrupted = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="task-wakeups", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End within a moment; blocking."""
        self._stopping.set()
        self._thread.join(5.0)

    def _watch(self) -> None:
        postgres = self._engine.dialect.name == "postgresql"
        listen = self._listen if postgres else self._compare
        while not self._stopping.is_set():
            try:
                listen()
            except Exception as error:  # noqa: BLE001 - the driver's, the disk's, anything
                # Once in an outage: polling goes on, a little slower to start tasks.
                say = _log.debug if self._interrupted else _log.warning
                say("wake-ups interrupted", error=str(error))
                self._interrupted = True
                self._stopping.wait(_AGAIN_AFTER_S)

    def _listen(self) -> None:
        # Not the URL as a text: SQLAlchemy and libpq escape differently.
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        with psycopg.connect(**arguments, autocommit=True) as connection:
            connection.execute(f"LISTEN {_CHANNEL}")
            self._interrupted = False
            self._ring()  # for what came before
            while not self._stopping.is_set():
                for _ in connection.notifies(timeout=_STOP_LOOK_S, stop_after=1):
                    self._ring()

    def _compare(self) -> None:
        path = self._engine.url.database or ""
        with closing(sqlite3.connect(path)) as connection:
            before = None
            while not self._stopping.wait(_SQLITE_EVERY_S):
                (version,) = connection.execute("PRAGMA data_version").fetchone()
                self._interrupted = False
                if version != before:
                    before = version
                    self._ring()
