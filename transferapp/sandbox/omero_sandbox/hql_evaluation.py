"""Evaluate HQL expressions over records: one small function for each kind of node."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from transferapp.sandbox.omero_sandbox.hql_parser import HqlError, Node, Query
from transferapp.sandbox.omero_sandbox.records import ClassName, Record, plain
from transferapp.sandbox.omero_sandbox.slices import BASE, FIELDS

if TYPE_CHECKING:
    from transferapp.sandbox.omero_sandbox.store import Store

#: alias -> value, of one row of the join
Row = dict[str, Any]
Rows = list[Row]
#: alias -> (owner, field, is a collection), for fetches and index()
ORIGIN = "#origin"
AGGREGATES = frozenset({"count", "sum", "min", "max", "avg"})

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<>": operator.ne,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "||": lambda a, b: f"{a}{b}",
}


def aggregates(node: Any) -> bool:
    """Say whether an expression folds rows, outside of subqueries."""
    if isinstance(node, list):
        return any(aggregates(part) for part in node)
    if not isinstance(node, tuple) or not node:
        return False
    if node[0] == "fn" and node[1] in AGGREGATES:
        return True
    return node[0] not in ("sub", "scalar", "exists") and any(aggregates(p) for p in node[1:])


def conjuncts(node: Node | None) -> list[Node]:
    """Return the parts of a condition that must all hold."""
    if node is None:
        return []
    if node[0] == "and":
        return conjuncts(node[1]) + conjuncts(node[2])
    return [node]


def only_about(node: Any, aliases: set[str]) -> bool:
    """Say whether an expression names nothing but these; not for subqueries."""
    if isinstance(node, list):
        return all(only_about(part, aliases) for part in node)
    if not isinstance(node, tuple) or not node:
        return not isinstance(node, Query)
    if node[0] == "path":
        return node[1][0] in aliases
    return all(only_about(part, aliases) for part in node[1:])


class Expressions:
    """Evaluates expressions; subqueries are the business of ``rows`` and ``run``."""

    def __init__(self, store: Store, parameters: dict[str, Any]) -> None:
        """Evaluate over a store with named parameters."""
        self.store, self._parameters = store, parameters
        #: Sets of constants by the identity of their node, which is held for that.
        self._constant_sets: dict[int, tuple[Node, set[Any]]] = {}

    def rows(self, query: Query, outer: Row) -> Rows:
        raise NotImplementedError

    def run(self, query: Query, outer: Row | None = None) -> list[list[Any]]:
        raise NotImplementedError

    def value(self, node: Node, row: Row, folded: Rows | None = None) -> Any:
        """Return what an expression is for a row; ``folded`` are the rows of its group."""
        found = getattr(self, f"_{node[0]}", None)
        if found is None:
            raise HqlError(f"cannot evaluate {node[0]}")
        return found(node, row, folded)

    # -- leaves

    def _lit(self, node: Node, _row: Row, _folded: Rows | None) -> Any:
        return node[1]

    def _par(self, node: Node, _row: Row, _folded: Rows | None) -> Any:
        if node[1] not in self._parameters:
            raise HqlError(f"named parameter not set: {node[1]}")
        return self._parameters[node[1]]

    def _path(self, node: Node, row: Row, _folded: Rows | None) -> Any:
        return self.walk(row, node[1])

    def walk(self, row: Row, path: list[str]) -> Any:
        """Follow a dotted path from an alias, or from the only root."""
        if path[0] in row:
            value, rest = row[path[0]], path[1:]
        else:
            value, rest = self._unqualified(row, path), path
            if isinstance(value, ClassName):
                return value
        for name in rest:
            if value is None:
                return None
            value = self.store.get(value, name)
        return value

    def _unqualified(self, row: Row, path: list[str]) -> Any:
        roots = [v for alias, v in row.items() if alias != ORIGIN and isinstance(v, Record)]
        for root in roots:
            if path[0] in FIELDS[root.cls] or path[0] in ("id", "details"):
                return root
        if all(part in BASE for part in path):
            return ClassName(path[-1])
        if not any(isinstance(value, tuple) for value in row.values()):
            raise HqlError(f"unknown identifier {'.'.join(path)}")
        return None

    # -- logic

    def _and(self, node: Node, row: Row, folded: Rows | None) -> bool:
        return bool(self.value(node[1], row, folded)) and bool(self.value(node[2], row, folded))

    def _or(self, node: Node, row: Row, folded: Rows | None) -> bool:
        return bool(self.value(node[1], row, folded)) or bool(self.value(node[2], row, folded))

    def _not(self, node: Node, row: Row, folded: Rows | None) -> bool:
        return not self.value(node[1], row, folded)

    def _isnull(self, node: Node, row: Row, folded: Rows | None) -> bool:
        return self.value(node[1], row, folded) is None

    def _notnull(self, node: Node, row: Row, folded: Rows | None) -> bool:
        return self.value(node[1], row, folded) is not None

    def _isempty(self, node: Node, row: Row, folded: Rows | None) -> bool:
        return not self.value(node[1], row, folded)

    def _notempty(self, node: Node, row: Row, folded: Rows | None) -> bool:
        return bool(self.value(node[1], row, folded))

    def _exists(self, node: Node, row: Row, _folded: Rows | None) -> bool:
        inner = node[1]
        return bool(
            self.value(inner[1], row) if isinstance(inner, tuple) else self.rows(inner, row)
        )

    def _in(self, node: Node, row: Row, folded: Rows | None) -> bool:
        left = self.value(node[1], row, folded)
        return left is not None and plain(left) in self.members(node[2], row)

    def members(self, node: Node, row: Row) -> set[Any]:
        """Return the right side of ``in`` as plain values; of constants it is made once."""
        if node[0] == "sub":
            return {plain(found[0]) for found in self.run(node[1], row)}
        if id(node) in self._constant_sets:
            return self._constant_sets[id(node)][1]
        out: set[Any] = set()
        for part in node[1]:
            value = self.value(part, row)
            out |= {plain(v) for v in value} if isinstance(value, list) else {plain(value)}
        if all(part[0] in ("lit", "par") for part in node[1]):
            self._constant_sets[id(node)] = node, out
        return out

    def _cmp(self, node: Node, row: Row, folded: Rows | None) -> bool:
        left, right = (plain(self.value(n, row, folded)) for n in node[2:4])
        if left is None or right is None:
            return False
        if node[1] in ("like", "ilike"):
            pattern = _like(right)
            flags = re.DOTALL | (re.IGNORECASE if node[1] == "ilike" else 0)
            return re.fullmatch(pattern, left, flags) is not None
        if isinstance(left, tuple) != isinstance(right, tuple):  # an entity and an id
            left, right = (v[1] if isinstance(v, tuple) else v for v in (left, right))
        return _ORDERINGS[node[1]](left, right)

    # -- values

    def _scalar(self, node: Node, row: Row, _folded: Rows | None) -> Any:
        found = self.run(node[1], row)
        return found[0][0] if found else None

    def _case(self, node: Node, row: Row, folded: Rows | None) -> Any:
        for condition, value in node[1]:
            if self.value(condition, row, folded):
                return self.value(value, row, folded)
        return self.value(node[2], row, folded)

    def _arith(self, node: Node, row: Row, folded: Rows | None) -> Any:
        left, right = (plain(self.value(n, row, folded)) for n in node[2:4])
        if left is None or right is None:
            return None
        return _ARITHMETIC[node[1]](left, right)

    def _fn(self, node: Node, row: Row, folded: Rows | None) -> Any:
        name, arguments = node[1], node[2]
        if name in AGGREGATES and folded is not None:
            return self._fold(name, arguments, folded)
        if name == "index":
            owner, field, _collection = row[ORIGIN][arguments[0][1][0]]
            return self.store.get(owner, field).index(row[arguments[0][1][0]])
        function = _FUNCTIONS.get(name)
        if function is None:
            raise HqlError(f"function {name}")
        return function([self.value(a, row, folded) for a in arguments if a != ("distinct",)])

    def _fold(self, name: str, arguments: list[Node], folded: Rows) -> Any:
        if arguments[-1] == ("star",):
            return len(folded)
        values = [plain(self.value(arguments[-1], row)) for row in folded]
        values = [v for v in values if v is not None]
        if arguments[0] == ("distinct",):
            values = list(dict.fromkeys(values))
        if name == "count":
            return len(values)
        return _FOLDS[name](values) if values else None


_FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "avg": lambda values: sum(values) / len(values),
}


def _text(change: Callable[[str], Any]) -> Callable[[list[Any]], Any]:
    def function(values: list[Any]) -> Any:
        text = plain(values[0])
        return None if text is None else change(text)

    return function


def _moment(part: str) -> Callable[[list[Any]], Any]:
    def function(values: list[Any]) -> Any:
        return getattr(datetime.fromtimestamp(plain(values[0]) / 1000, UTC), part)

    return function


_CASTS: dict[str, Callable[[Any], Any]] = {
    "double": float, "float": float, "int": int, "integer": int, "long": int,
    "string": str, "boolean": bool,
}  # fmt: skip


def _cast(values: list[Any]) -> Any:
    value, kind = plain(values[0]), values[1]
    if kind not in _CASTS:
        raise HqlError(f"cannot cast to {kind}")
    return None if value is None else _CASTS[kind](value)


def _extracted(part: str, time_ms: Any) -> Any:
    if time_ms is None:
        return None
    return time_ms / 1000 if part == "epoch" else _moment(part)([time_ms])


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "lower": _text(str.lower),
    "upper": _text(str.upper),
    "length": _text(len),
    "size": lambda values: len(values[0] or []),
    "maxindex": lambda values: len(values[0] or []) - 1,
    "minindex": lambda _values: 0,
    "coalesce": lambda values: next((v for v in values if v is not None), None),
    "elements": lambda values: values[0],
    "cast": _cast,
    "extract": lambda values: _extracted(values[0], plain(values[1])),
    "concat": lambda values: "".join(str(plain(v)) for v in values),
    "year": _moment("year"),
    "month": _moment("month"),
    "day": _moment("day"),
}


def _like(pattern: str) -> str:
    """Return the regular expression for ``like``; a backslash escapes, as in PostgreSQL."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
