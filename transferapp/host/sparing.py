"""Let a fault in one row, person or target stop nothing but itself.

Whoever works through many of them -- a round of a worker, a list for a person -- does so
row by row within ``sparing``, or reads them with ``readable``. The fault is told in the
log once, and again only after it had gone; the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from transferapp.errors import Unavailable
from transferapp.host.database_errors import is_away

S = TypeVar("S")
R = TypeVar("R")

#: What reading a row raises whose values make no sense: an unknown word, a text for a
#: number, a time beyond the calendar, broken JSON, a missing key.
NONSENSE = (
    *(ValueError, TypeError, LookupError, ArithmeticError, AttributeError),
    sa.exc.DataError,
)
#: Faults that are remembered; with more than that something else is wrong.
_MOST_REMEMBERED = 10_000

_log = structlog.get_logger(__name__)
#: What was told of, by kind and name.
_reported: set[tuple[str, str]] = set()


@contextmanager
def sparing(what: str, name: str) -> Iterator[None]:
    """Do something for one of many, ``what`` with a ``name``; an error is told and ends here.

    An outage is nobody's fault: Unavailable, and a database that is away, go on up.
    """
    try:
        yield
    except Unavailable:
        raise
    except sa.exc.SQLAlchemyError as error:
        if is_away(error):
            raise
        log_once(what, name, error)
    except Exception as error:  # noqa: BLE001 - whatever one row makes the others suffer from
        log_once(what, name, error)
    else:
        _reported.discard((what, name))


def readable(
    rows: Iterable[S], read: Callable[[S], R], what: str, name: Callable[[S], object]
) -> list[R]:
    """Return ``read`` of each row that can be read; ``name`` tells which one it is."""
    found: list[R] = []
    for row in rows:
        try:
            found.append(read(row))
        except NONSENSE as error:
            log_once(f"{what} cannot be read", str(name(row)), error)
    return found


def readable_rows(
    connection: sa.Connection,
    query: sa.Select[Any],
    key: sa.ColumnElement[Any],
    read: Callable[[Any], R],
    what: str,
) -> list[R]:
    """Return ``read`` of each row (a mapping) of a query that can be read.

    A value that its column's type cannot read (a time, JSON) spoils the whole answer; then
    the rows are asked for one by one, by their ``key``.
    """
    return readable_page(connection, query, key, read, what)[0]


def readable_page(
    connection: sa.Connection,
    query: sa.Select[Any],
    key: sa.ColumnElement[Any],
    read: Callable[[Any], R],
    what: str,
) -> tuple[list[R], list[Any]]:
    """Return the same, and the keys of all rows of the page: how far a reader has come."""

    def asked(wanted: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        return connection.execute(wanted).mappings().all()

    name = itemgetter(key.key)
    try:
        rows = asked(query)
    except NONSENSE:
        keys = list(connection.execute(query.with_only_columns(key)).scalars())
        alone = readable(keys, lambda one: asked(query.where(key == one)), what, str)
        rows = [row for some in alone for row in some]
    else:
        keys = [name(row) for row in rows]
    return readable(rows, read, what, name), keys


def log_once(what: str, name: str, error: Exception) -> None:
    """Log a fault with its trace, unless it was told of before."""
    if (what, name) in _reported:
        return
    if len(_reported) >= _MOST_REMEMBERED:
        _reported.clear()
    _reported.add((what, name))
    text = f"{type(error).__name__}: {error}"
    _log.error("set aside, the rest goes on", what=what, name=name, error=text, exc_info=error)
