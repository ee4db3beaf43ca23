"""Put tables side by side: records that must be equal to a row are looked up, not all tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from transferapp.sandbox.omero_sandbox.hql_evaluation import Row, Rows, only_about
from transferapp.sandbox.omero_sandbox.hql_parser import HqlSource, Node
from transferapp.sandbox.omero_sandbox.records import Record, plain

#: Returns what an expression is for a row.
Evaluate = Callable[[Node, Row], Any]


def side_by_side(
    rows: Rows, source: HqlSource, records: list[Record], parts: list[Node], value: Evaluate
) -> Rows:
    """Return each row with each record, without pairs that a part of the condition excludes.

    ``parts`` must all hold. Pairs that are left may still fail one that is about both.
    """
    alias = source.alias
    own = [part for part in parts if only_about(part, {alias})]
    found = [one for one in records if all(value(part, {alias: one}) for part in own)]
    fits = _fitting(rows, alias, found, parts, value)
    return [{**row, alias: record} for row in rows for record in fits(row)]


def _fitting(
    rows: Rows, alias: str, records: list[Record], parts: list[Node], value: Evaluate
) -> Callable[[Row], list[Record]]:
    """Return what gives the records that may be equal to a row, in their order."""
    known = set(rows[0]) - {alias} if rows else set()
    sides = next(_equalities(parts, alias, known), None)
    if sides is None or len(rows) == 1:
        return lambda _row: records
    of_row, of_record = sides
    by_value: dict[Any, list[Record]] = {}
    try:
        for record in records:
            by_value.setdefault(_lookup_key(value(of_record, {alias: record})), []).append(
                record
            )
    except TypeError:  # a collection: it has no place in a dictionary
        return lambda _row: records
    by_value.pop(None, None)  # null is equal to nothing

    def fitting(row: Row) -> list[Record]:
        key = _lookup_key(value(of_row, row))
        return records if isinstance(key, list) else by_value.get(key, [])

    return fitting


def _equalities(parts: list[Node], alias: str, known: set[str]) -> Iterator[tuple[Node, Node]]:
    """Yield what must be equal: an expression of a row, and one of a record."""
    for part in parts:
        if part[0] == "cmp" and part[1] == "=":
            for of_row, of_record in (part[2:4], part[3:1:-1]):
                if only_about(of_row, known) and only_about(of_record, {alias}):
                    yield of_row, of_record


def _lookup_key(value: Any) -> Any:
    """Return the same for whatever HQL takes for equal: an entity is equal to its id."""
    key = plain(value)
    return key[1] if isinstance(key, tuple) else key
