"""Joins of the sandbox's HQL in a process of their own; prints JSON of rows and comparisons.

``python -m tests.support.omero_joined_tables RECORDS``. The rows are those of the sandbox, and
those of all pairs, filtered: what HQL means.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from transferapp.sandbox.omero_sandbox import slices
from transferapp.sandbox.omero_sandbox.clock import SandboxClock
from transferapp.sandbox.omero_sandbox.hql_evaluation import conjuncts
from transferapp.sandbox.omero_sandbox.hql_parser import Node, Query, parse
from transferapp.sandbox.omero_sandbox.hql_rows import QueryRun
from transferapp.sandbox.omero_sandbox.records import plain
from transferapp.sandbox.omero_sandbox.store import Store

LINKS = "FilesetAnnotationLink l, CommentAnnotation a"
KEY = "a.id = l.child.id and a.ns = :ns and a.textValue = :key"
LIST = "select e.id from FilesetEntry e where e.fileset.id in (:ids)"
OF_IMAGE = (
    "select e.id from FilesetEntry e, Fileset f"
    " where e.fileset = f and i.fileset = f and e.clientPath = i.name"
)
QUERIES = (
    # What the adapter asks for each item.
    "select l.parent.id from {LINKS} where {KEY} order by l.parent.id",
    "select l.parent.id from {LINKS} where {KEY} and a.description = :mark",
    "select a.id from {LINKS} where a.id = l.child.id and a.ns = :ns and l.parent.id = 3",
    LIST,
    # Entities, on either side; an entity and an id.
    "select l.id, a.id from {LINKS} where l.child = a",
    "select l.id, a.id from {LINKS} where a = l.child.id",
    "select l.id, a.id from {LINKS} where a.id = l.child and a.textValue like '%1'",
    # Some have none: nothing is equal to null.
    "select i.id, o.id from Image i, OriginalFile o where i.description = o.name",
    # Numbers of several kinds, sums, several equalities, and one beside an inequality.
    "select p.id, o.id from Pixels p, OriginalFile o where p.sizeX = o.size",
    "select p.id, o.id from Pixels p, OriginalFile o where p.sizeX + 1 = o.size + p.sizeY",
    "select p.id, o.id from Pixels p, OriginalFile o where p.sizeX = o.size and p.sizeY = o.id",
    "select p.id, o.id from Pixels p, OriginalFile o where p.sizeX = o.size and p.id < o.id",
    # One that does not bind the two, or not always.
    "select p.id, o.id from Pixels p, OriginalFile o where p.sizeX = 1 and o.size = 2",
    "select p.id, o.id from Pixels p, OriginalFile o where p.sizeX = o.size or o.id = 2",
    # Three tables, and the same one twice.
    "select l.id, a.id, f.id from {LINKS}, Fileset f where l.parent = f and l.child = a",
    "select a.id, b.id from Image a, Image b where a.name = b.description",
    # A table after a join, and subqueries about the row around them.
    "select e.id, i.id from FilesetEntry e join e.fileset f, Image i where i.fileset = f",
    "select i.id from Image i where exists ({OF_IMAGE})",
    "select i.id from Image i where i.id in (select i.id from Pixels i where i.sizeX = 3)",
)


class AllPairs(QueryRun):
    """Tries each record with each row."""

    @override
    def rows(self, query: Query, outer: dict[str, Any]) -> list[dict[str, Any]]:
        rows = [dict(outer)]
        for source in query.sources:
            if self._is_table(source, rows):
                found = self._records(source.path[-1], None)
                rows = [{**row, source.alias: record} for row in rows for record in found]
            else:
                rows = [joined for row in rows for joined in self._join(row, source)]
        parts = conjuncts(query.where)
        return [row for row in rows if all(self.value(part, row) for part in parts)]


class Counting(QueryRun):
    """Counts what is compared, and how often a parameter is read."""

    comparisons = parameters_read = 0

    @override
    def _cmp(self, node: Node, row: Any, folded: Any) -> bool:
        self.comparisons += 1
        return super()._cmp(node, row, folded)

    @override
    def _par(self, node: Node, row: Any, folded: Any) -> Any:
        self.parameters_read += 1
        return super()._par(node, row, folded)


def filled(records: int) -> Store:
    """Make so many filesets with a key each, one file and one image."""
    store = Store(SandboxClock())
    for n in range(records):
        fileset = store.new("Fileset")
        comment = store.new(
            "CommentAnnotation", ns="key", textValue=f"key {n}", description=f"mark {n}"
        )
        store.new("FilesetAnnotationLink", parent=fileset, child=comment)
        named: dict[str, Any] = {"name": f"file {n % 7}"} if n % 3 else {}
        store.new("OriginalFile", size=n % 5, **named)
        store.new("FilesetEntry", fileset=fileset, clientPath=f"file {n % 4}")
        described: dict[str, Any] = {"description": f"file {n % 5}"} if n % 2 else {}
        image = store.new("Image", fileset=fileset, name=f"file {n % 6}", **described)
        store.new("Pixels", image=image, sizeX=n % 4, sizeY=n % 3)
    return store


def answers(records: int) -> Iterator[dict[str, Any]]:
    """Run each query in both ways."""
    store = filled(records)
    values = {"ns": "key", "key": "key 5", "mark": "mark 5", "ids": [1, 3, 5]}
    for pattern in QUERIES:
        text = pattern.format(LINKS=LINKS, KEY=KEY, OF_IMAGE=OF_IMAGE)
        counting = Counting(store, values, lambda _record: True)
        rows, meant = (
            [[plain(value) for value in row] for row in run.top(parse(text))]
            for run in (counting, AllPairs(store, values, lambda _record: True))
        )
        yield {
            "query": text, "rows": rows, "meant": meant, "comparisons": counting.comparisons,
            "parameters read": counting.parameters_read,
        }  # fmt: skip


if __name__ == "__main__":
    assert slices.SUBTYPES  # imported before omero-py is
    sys.stdout.write(json.dumps(list(answers(int(sys.argv[1])))))
