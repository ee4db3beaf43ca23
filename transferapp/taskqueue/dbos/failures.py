"""Translate what the engine and the database raise into our own errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import psycopg
import sqlalchemy as sa
from dbos import error as dbos_error

from transferapp.errors import StateConflict, TransferNotFound
from transferapp.host.database_errors import failure_of, is_away
from transferapp.host.patience import patiently

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def engine_failures() -> Iterator[None]:
    """Raise Unavailable, StorageFull, TransferNotFound or StateConflict for the engine's
    errors.
    """
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        if not is_away(error):
            raise
        raise failure_of(error, "task database") from error
    except dbos_error.DBOSNonExistentWorkflowError as error:
        raise TransferNotFound from error
    except dbos_error.DBOSException as error:
        raise StateConflict(f"The task queue refused: {error.message}") from error


async def recorded(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Write to our table, however long the database is away: the state is the truth, and
    the engine waits for its own writes in the same way.
    """

    def call() -> R:
        with engine_failures():
            return function(*args, **kwargs)

    return await patiently(asyncio.to_thread, call)


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
