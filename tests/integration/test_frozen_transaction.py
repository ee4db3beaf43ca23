"""A process that froze in the middle of a transaction does not keep its locks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer, postgres_server
from transferapp.errors import Unavailable
from transferapp.host.database import open_engine
from transferapp.host.database_errors import database_errors
from transferapp.taskqueue.dbos.failures import engine_failures

__all__ = ["postgres_server"]

LOCK = sa.select(sa.func.pg_advisory_xact_lock(7))
#: One second instead of our twenty.
SOON = "&options=-c%20idle_in_transaction_session_timeout%3D1000"


@pytest.fixture
def engines(postgres_server: PostgresServer) -> Iterator[tuple[sa.Engine, sa.Engine]]:
    url = postgres_server.new_database()
    frozen, other = open_engine(url + SOON), open_engine(url)
    yield frozen, other
    frozen.dispose()
    other.dispose()


@pytest.mark.parametrize("translated", [database_errors, engine_failures])
def test_its_locks_are_freed_and_it_is_reported_to_try_again(
    engines: tuple[sa.Engine, sa.Engine],
    translated: Callable[[], AbstractContextManager[None]],
) -> None:
    frozen, other = engines
    with frozen.connect() as connection:
        connection.execute(LOCK)
        began = time.monotonic()
        with other.begin() as living:
            living.execute(LOCK)
        assert 0.5 < time.monotonic() - began < 15.0
        with pytest.raises(Unavailable), translated():
            connection.execute(sa.select(1))
