"""Translate what the engine and the database raise into our own errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from dbos import error as dbos_error

from transferapp.errors import StateConflict, TransferNotFound, Unavailable

_UNREACHABLE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


@contextmanager
def engine_failures() -> Iterator[None]:
    """Raise Unavailable, TransferNotFound or StateConflict for the engine's errors."""
    try:
        yield
    except _UNREACHABLE as error:
        raise Unavailable(
            "The task database cannot be reached. Nothing is lost; try again in a moment."
        ) from error
    except dbos_error.DBOSNonExistentWorkflowError as error:
        raise TransferNotFound from error
    except dbos_error.DBOSException as error:
        raise StateConflict(f"The task queue refused: {error.message}") from error


def patient_engine(engine: sa.Engine) -> None:
    """Let the engine recognise every failed connection as one that is worth a retry.

    It goes by words of the message, and misses those of a missing Unix socket; then a
    step that has ended well would be repeated after a restart of the database.
    """
    if not sa.event.contains(engine, "handle_error", _mark_failed_connection):
        sa.event.listen(engine, "handle_error", _mark_failed_connection)


def _mark_failed_connection(context: sa.engine.ExceptionContext) -> None:
    if context.connection is None and isinstance(
        context.original_exception, psycopg.OperationalError
    ):
        context.is_disconnect = True
