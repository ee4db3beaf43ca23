"""Notice at once that there may be work: PostgreSQL tells, SQLite shows a new version."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

import psycopg
import sqlalchemy as sa

from transferapp.errors import Unavailable
from transferapp.host.backoff import Backoff
from transferapp.host.sqlite import sqlite3
from transferapp.host.supervise import SupervisedThread

_CHANNEL = "transferapp_task"
#: Asking SQLite for its version reads one number from memory: about 10 microseconds.
_SQLITE_EVERY_S = 0.05
#: How soon a lost connection is tried again; meanwhile the worker only polls.
_PAUSES = Backoff(2.0, 10.0)
_POLLS = "The database wakes no worker now. Tasks begin a little later; nothing is lost."
_STOP_EVALUATE_S = 0.5


def announce(connection: sa.Connection) -> None:
    """Wake the workers when this transaction ends well."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(_CHANNEL, "")))


class Wakeups:
    """A thread that rings when tasks may have come."""

    def __init__(self, engine: sa.Engine, wake: Callable[[], None]) -> None:
        """Watch the database of ``engine``; ``ring`` is called from the thread."""
        self._engine = engine
        self._wake = wake
        self._stopping = threading.Event()
        postgres = self._engine.dialect.name == "postgresql"
        self._watching = SupervisedThread(
            "wake-ups",
            self._listen if postgres else self._compare,
            self._stopping,
            pauses=_PAUSES,
        )

    def start(self) -> None:
        """Begin to watch."""
        self._watching.start()

    def stop(self) -> None:
        """End within a moment; blocking."""
        self._stopping.set()
        self._watching.join(5.0)

    def _listen(self) -> None:
        """Hear PostgreSQL until the stop; raises Unavailable when the connection is lost."""
        # Not the URL as a text: SQLAlchemy and libpq escape differently.
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        try:
            with psycopg.connect(**arguments, autocommit=True) as connection:
                connection.execute(f"LISTEN {_CHANNEL}")
                self._watching.beat()
                self._wake()  # for what came before
                while not self._stopping.is_set():
                    for _ in connection.notifies(timeout=_STOP_EVALUATE_S, stop_after=1):
                        self._wake()
        except psycopg.OperationalError as error:
            raise Unavailable(_POLLS) from error

    def _compare(self) -> None:
        """Look at SQLite until the stop; raises Unavailable when that cannot be read."""
        path = self._engine.url.database or ""
        try:
            with closing(sqlite3.connect(path)) as connection:
                before = None
                while not self._stopping.wait(_SQLITE_EVERY_S):
                    (version,) = connection.execute("PRAGMA data_version").fetchone()
                    self._watching.beat()
                    if version != before:
                        before = version
                        self._wake()
        except sqlite3.OperationalError as error:
            raise Unavailable(_POLLS) from error
