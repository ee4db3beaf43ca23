"""Rows of the queue's tables with whatever a disk, an older release or a hand may leave."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

from transferapp.taskqueue.dbos.schema import leases, resources, tasks, workers
from transferapp.taskqueue.port import TaskState, WorkClass

#: What ends well whatever stands beside it.
HEALTHY = "healthy"
Row = dict[str, Any]

_INT4 = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([0, 1, 1023, 1024, 2**31 - 1])
_INT8 = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 2**63 - 1, 2**62])
_DOUBLE = st.floats(allow_nan=False) | st.sampled_from(
    [0.0, math.inf, -math.inf, -1.0, 1.7e9, 9e11, 1e300]
)
_LETTERS = st.characters(codec="utf-8", exclude_characters="\x00")
_STATES = st.sampled_from([*map(str, TaskState), "", "QUEUED", "resting"])
_WORK_CLASSES = st.sampled_from([*map(str, WorkClass), "", "by-road"])
_NAMES = st.sampled_from(["", "ada", "bob", HEALTHY, "elsewhere", "webhook:gone.example"])


def _value(column: sa.Column[Any], *, typed: bool) -> st.SearchStrategy[Any]:
    """Return values that the column takes; SQLite takes any sort in any column."""
    named: dict[str, st.SearchStrategy[Any]] = {
        "state": _STATES,
        "lane": _WORK_CLASSES,
        "target": _NAMES,
        "owner": _NAMES,
        "line": st.sampled_from(["", ":", "transfers:ada", "by-road:bob", "nothing"]),
        "kind": st.sampled_from(["note", "", "fly"]),
        "payload": st.sampled_from(["{}", "", "{", "null", '{"text": 5}']),
        "holder": st.sampled_from(["", "", "nobody"]),
    }
    if isinstance(column.type, sa.Boolean):
        return st.booleans()
    length = min(getattr(column.type, "length", None) or 20, 20)
    sorts: dict[type[Any], st.SearchStrategy[Any]] = {
        sa.BigInteger: _INT8,
        sa.Integer: _INT4,
        sa.Double: _DOUBLE | st.just(math.nan) if typed else _DOUBLE,
    }
    sort = sorts.get(type(column.type), st.text(_LETTERS, max_size=length))
    fitting = named.get(column.name, sort)
    if column.nullable:
        fitting |= st.none()
    if typed or isinstance(column.type, sa.String):
        return fitting
    return st.one_of(fitting, fitting, _INT8, _DOUBLE, st.sampled_from(["", "soon"]))


def _rows(table: sa.Table, *, typed: bool) -> st.SearchStrategy[list[Row]]:
    (key,) = table.primary_key.columns
    columns = {c.name: _value(c, typed=typed) for c in table.columns if c.name != key.name}
    keys = _NAMES if table is resources else st.text(_LETTERS, max_size=12)
    if table is leases:
        keys = st.just("janitor")
    pairs = st.dictionaries(keys, st.fixed_dictionaries(columns), max_size=5)
    return pairs.map(lambda rows: [{key.name: name, **rest} for name, rest in rows.items()])


def any_tables(*, typed: bool) -> st.SearchStrategy[Mapping[sa.Table, list[Row]]]:
    """Rows for all four tables; ``typed``: only what PostgreSQL takes."""
    return st.fixed_dictionaries(
        {table: _rows(table, typed=typed) for table in (tasks, resources, workers, leases)}
    )


def store(engine: sa.Engine, tables: Mapping[sa.Table, list[Row]]) -> None:
    """Replace what is in the tables, with no type of ours in between."""
    with engine.begin() as connection:
        for table, rows in tables.items():
            connection.execute(sa.delete(table))
            bare = sa.table(table.name, *(sa.column(c.name) for c in table.columns))
            for row in rows:
                if row.get("id") == HEALTHY:
                    continue
                values = row
                if table is resources and row["name"] == HEALTHY:
                    # A person's pause is no damage, and a probe has its time.
                    values = {**row, "paused": False, "probe": "", "probe_since": 0.0}
                connection.execute(sa.insert(bare).values(values))
