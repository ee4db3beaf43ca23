"""Exports that a release without placements has begun: how they go on.

A migration of the outbox; it knows the tables as they were, not as they are.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePath

import sqlalchemy as sa

_TABLE = """
CREATE TABLE IF NOT EXISTS placements (
    item_id VARCHAR NOT NULL PRIMARY KEY REFERENCES items (item_id) ON DELETE CASCADE,
    wanted VARCHAR NOT NULL,
    single BOOLEAN NOT NULL,
    tells VARCHAR NOT NULL,
    tag VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    stage VARCHAR NOT NULL
)
"""
_FILES = """
SELECT f.file_id, f.item_id, f.path, f.done, f.offset, s.destination
FROM files f
JOIN items i ON i.item_id = f.item_id
JOIN submissions s ON s.transfer_id = i.transfer_id
WHERE s.kind = 'export' AND i.stage IN ('open', 'trouble', 'failed')
ORDER BY i.position, f.position
"""
_PLACE = """
INSERT INTO placements VALUES (:item_id, :name, :single, :tells, '', :name, :part, :stage)
"""


@dataclass
class _Item:
    """An item with the paths of its files below the destination."""

    item_id: str
    destination: str
    inside: dict[str, PurePath] = field(default_factory=dict)
    begun: bool = False

    @property
    def single(self) -> bool:
        """It is a lone file, right in the destination."""
        return all(len(path.parts) == 1 for path in self.inside.values())

    @property
    def name(self) -> str:
        """Its name in the destination."""
        return next(iter(self.inside.values())).parts[0]


def place_old_exports(connection: sa.Connection) -> None:
    """Make the table, and give each item that has not ended a placement.

    A folder with files that is one item's own stays it: the rest arrives there. Folders that
    several items share, which is how images got mixed, are left alone, and their items
    arrive anew; so do lone files, whose parts are taken over when they go on.
    """
    connection.exec_driver_sql(_TABLE)
    items = _items(connection)
    shared = _shared(connection)
    for item in items:
        keeps = item.begun and not item.single and (item.destination, item.name) not in shared
        part = item.name if keeps else f".{item.name[:60]}.{secrets.token_hex(4)}.part"
        values = {
            "item_id": item.item_id,
            "name": item.name,
            "single": item.single,
            "tells": json.dumps([]),
            "part": part,
            "stage": "growing" if keeps else "planned",
        }
        connection.execute(sa.text(_PLACE), values)
        for file_id, path in item.inside.items():
            inside = path if item.single else PurePath(*path.parts[1:])
            connection.execute(
                sa.text("UPDATE files SET path = :path WHERE file_id = :id"),
                {"path": inside.as_posix(), "id": file_id},
            )
        if not keeps:
            connection.execute(
                sa.text('UPDATE files SET done = 0, "offset" = 0 WHERE item_id = :id'),
                {"id": item.item_id},
            )


def _items(connection: sa.Connection) -> list[_Item]:
    found: dict[str, _Item] = {}
    for row in connection.execute(sa.text(_FILES)):
        item = found.setdefault(row.item_id, _Item(row.item_id, row.destination))
        item.inside[row.file_id] = PurePath(row.path).relative_to(row.destination)
        item.begun = item.begun or row.done or row.offset > 0
    return list(found.values())


def _shared(connection: sa.Connection) -> set[tuple[str, str]]:
    """Return the folders (destination, name) that files of several items went to."""
    rows = connection.execute(
        sa.text(
            "SELECT DISTINCT f.item_id, f.path, s.destination FROM files f"
            " JOIN submissions s ON s.transfer_id = f.transfer_id WHERE s.kind = 'export'"
        )
    )
    users: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        first = PurePath(row.path).relative_to(row.destination).parts[0]
        users[row.destination, first].add(row.item_id)
    return {folder for folder, items in users.items() if len(items) > 1}
