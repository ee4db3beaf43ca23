"""Run whole HQL queries: joins, filters, groups, order, and what was fetched with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key, partial
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from transferapp.sandbox.omero_sandbox.hql_evaluation import (
    ORIGIN,
    Expressions,
    Row,
    Rows,
    aggregates,
    conjuncts,
    only_about,
)
from transferapp.sandbox.omero_sandbox.hql_joins import side_by_side
from transferapp.sandbox.omero_sandbox.hql_parser import HqlError, HqlSource, Node, Query
from transferapp.sandbox.omero_sandbox.records import Details, Record, plain
from transferapp.sandbox.omero_sandbox.slices import SUBTYPES

if TYPE_CHECKING:
    from transferapp.sandbox.omero_sandbox.store import Store

#: (record key, field) -> what a query fetched there
FetchPlan = dict[Any, Any]
Visible = Callable[[Record], bool]
_Pair = tuple[Row, Rows | None]


class QueryRun(Expressions):
    """Runs a query for one caller, who sees what ``visible`` lets through."""

    def __init__(self, store: Store, parameters: dict[str, Any], visible: Visible) -> None:
        """Prepare; ``fetched`` fills when the outermost query runs."""
        super().__init__(store, parameters)
        self._visible = visible
        self.fetched: FetchPlan = {}

    def top(self, query: Query) -> list[list[Any]]:
        """Run the outermost query and remember its fetches."""
        rows = self.rows(query, {})
        for source in (s for s in query.sources if s.fetch):
            for row in rows:
                self._fetch(row, source.alias)
        return self._selected(query, rows)

    @override
    def run(self, query: Query, outer: Row | None = None) -> list[list[Any]]:
        return self._selected(query, self.rows(query, outer or {}))

    @override
    def rows(self, query: Query, outer: Row) -> Rows:
        # A name of its own hides the outer query's from the first source on.
        hidden = {source.alias for source in query.sources}
        rows: Rows = [{name: value for name, value in outer.items() if name not in hidden}]
        waiting = conjuncts(query.where)
        for number, source in enumerate(query.sources):
            if self._is_table(source, rows):
                ids = self._ids(query.where, source) if number == 0 else None
                records = self._records(source.path[-1], ids)
                rows = side_by_side(rows, source, records, waiting, self.value)
                waiting = [p for p in waiting if not only_about(p, {source.alias})]
            else:
                rows = [joined for row in rows for joined in self._join(row, source)]
            # At once what can be said by now: tables side by side would multiply.
            known = set(rows[0]) if rows else set()
            ready = [part for part in waiting if only_about(part, known)]
            rows = [row for row in rows if all(self.value(part, row) for part in ready)]
            waiting = [part for part in waiting if part not in ready]
        return [row for row in rows if all(self.value(part, row) for part in waiting)]

    @staticmethod
    def _is_table(source: HqlSource, rows: Rows) -> bool:
        return len(source.path) == 1 or (
            source.kind == "from" and not (rows and source.path[0] in rows[0])
        )

    def _records(self, name: str, ids: list[Any] | None) -> list[Record]:
        if name not in SUBTYPES:
            raise HqlError(f"{name} is not mapped")
        found: list[Record] = []
        for kind in SUBTYPES[name]:
            table = self.store.tables[kind]
            found += table.values() if ids is None else [table[i] for i in ids if i in table]
        return sorted((r for r in found if self._visible(r)), key=lambda r: r.id)

    def _join(self, row: Row, source: HqlSource) -> Rows:
        owner, name = self.walk(row, source.path[:-1]), source.path[-1]
        found = None if owner is None else self.store.get(owner, name)
        collection = isinstance(found, list)
        many: list[Any] = found if isinstance(found, list) else [found]
        values = [v for v in many if self._shown(v)]
        hits: Rows = [{**row, source.alias: value} for value in values]
        if source.condition is not None:
            hits = [hit for hit in hits if self.value(source.condition, hit)]
        if source.kind == "left" and not hits:
            hits = [{**row, source.alias: None}]
        for hit in hits:
            hit[ORIGIN] = {**hit.get(ORIGIN, {}), source.alias: (owner, name, collection)}
        return hits

    def _shown(self, value: Any) -> bool:
        return value is not None and (not isinstance(value, Record) or self._visible(value))

    def _ids(self, where: Node | None, source: HqlSource) -> list[Any] | None:  # noqa: PLR0911 - one for each kind
        """Spare full scans: ``alias.id = X`` or ``in (...)`` among the top conjuncts."""
        if where is None:
            return None
        if where[0] == "and":
            left = self._ids(where[1], source)
            return self._ids(where[2], source) if left is None else left
        mine = [("path", [source.alias, "id"])] + [("path", ["id"])] * source.anonymous
        try:
            if where[0] == "cmp" and where[1] == "=" and where[2] in mine:
                return self._constants(("list", [where[3]]))
            if where[0] == "in" and where[1] in mine and where[2][0] == "list":
                return self._constants(where[2])
        except HqlError:
            return None
        return None

    def _constants(self, node: Node) -> list[Any] | None:
        if not all(part[0] in ("lit", "par") for part in node[1]):
            return None
        return sorted(self.members(node, {}))

    def _fetch(self, row: Row, alias: str) -> None:
        owner, name, collection = row[ORIGIN][alias]
        if not isinstance(owner, (Record, Details)):
            return
        held: Any = self.fetched.setdefault((owner.key, name), [] if collection else None)
        value = row[alias]
        if collection and value is not None and value not in held:
            held.append(value)

    def _selected(self, query: Query, rows: Rows) -> list[list[Any]]:
        chosen = [node for node, _name in query.select or _whole_rows(query)]
        pairs: list[_Pair] = [(row, None) for row in rows]
        if query.group or any(aggregates(node) for node in chosen):
            pairs = self._folded(query, rows)
        if query.order:
            pairs.sort(key=cmp_to_key(partial(self._compare, query)))
        out = [[self.value(node, row, folded) for node in chosen] for row, folded in pairs]
        if query.distinct:
            seen: dict[tuple[Any, ...], list[Any]] = {}
            for row in out:
                seen.setdefault(tuple(plain(v) for v in row), row)
            return list(seen.values())
        return out

    def _folded(self, query: Query, rows: Rows) -> list[_Pair]:
        groups: dict[tuple[Any, ...], Rows] = {} if query.group else {(): rows}
        for row in rows if query.group else ():
            key = tuple(plain(self.value(node, row)) for node in query.group)
            groups.setdefault(key, []).append(row)
        nothing: Row = {**{s.alias: None for s in query.sources}, ORIGIN: {}}
        pairs: list[_Pair] = [(g[0] if g else nothing, g) for g in groups.values()]
        having = query.having
        if having is None:
            return pairs
        return [pair for pair in pairs if self.value(having, *pair)]

    def _compare(self, query: Query, left: _Pair, right: _Pair) -> int:
        for node, descending in query.order:
            a, b = (plain(self.value(node, *pair)) for pair in (left, right))
            if a != b:
                before = a is not None and (b is None or a < b)
                return -1 if before != descending else 1
        return 0


def _whole_rows(query: Query) -> list[tuple[Node, str | None]]:
    return [(("path", [s.alias]), None) for s in query.sources if not s.fetch]
