"""Keep the database on disk: one line for each change, so that ``kill -9`` loses nothing.

A line holds all records that one call changed; a torn last line is left out when reading.
Sessions are kept as rows only: like a real server, a restarted one has closed them all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import omero
from omero import rtypes

from transferapp.errors import Corrupt
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.store import Store


def _encoded(value: Any) -> Any:  # noqa: PLR0911 - one for each kind
    """Return JSON of a field's value."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Record):
        return {"ref": [value.cls, value.id]}
    if isinstance(value, (list, tuple)):
        return {"list": [_encoded(part) for part in value]}
    if isinstance(value, omero.RType):
        return {"r": type(value).__name__.removesuffix("I").lower(), "v": value._val}
    if isinstance(value, omero.model.NamedValue):
        return {"named": [value.name, value.value]}
    if hasattr(value, "_unit"):
        return {"quantity": type(value).__name__, "v": value._value, "unit": str(value._unit)}
    return None


def _decoded(value: Any, store: Store) -> Any:  # noqa: PLR0911 - one for each kind
    if not isinstance(value, dict):
        return value
    if "ref" in value:
        return store.find(*value["ref"])
    if "list" in value:
        return [_decoded(part, store) for part in value["list"]]
    if "r" in value:
        return getattr(rtypes, value["r"])(value["v"])
    if "named" in value:
        return omero.model.NamedValue(*value["named"])
    units = getattr(omero.model.enums, "Units" + value["quantity"].removesuffix("I"))
    return getattr(omero.model, value["quantity"])(value["v"], getattr(units, value["unit"]))


def _line(text: bytes, place: str) -> dict[str, Any]:
    """Read one line; raises Corrupt."""
    try:
        line: dict[str, Any] = json.loads(text)
        return {"set": line["set"], "gone": line["gone"], "ids": line.get("ids", {})}
    except (ValueError, TypeError, LookupError) as error:
        raise Corrupt(
            f"{place}, is no line of a sandbox's database ({error}). Nothing was changed. Take"
            " the file from a copy, or start with a new folder."
        ) from error


class Journal:
    """The file ``database.jsonl`` of a sandbox."""

    def __init__(self, path: Path, store: Store) -> None:
        """Read what is there, then write it anew without what is outdated."""
        self._store = store
        if path.exists():
            self._read(path)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        self._file = fresh.open("a", encoding="utf-8")
        for table in store.tables.values():
            for record in table.values():
                store.changed[record.key] = record
        self.commit(ids=dict(store.last_ids))
        fresh.replace(path)

    def commit(self, ids: dict[str, int] | None = None) -> None:
        """Write what has changed since the last time as one line."""
        written, self._store.changed = self._store.changed, {}
        for record in written.values():
            if record is not None:
                record.saved = True
        if not written and ids is None:
            return
        records = [
            [r.cls, r.id, {name: _encoded(v) for name, v in r.values.items() if v is not None}]
            for r in written.values()
            if r is not None
        ]
        gone = [list(key) for key, record in written.items() if record is None]
        line = {"set": records, "gone": gone, **({"ids": ids} if ids else {})}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()

    def _read(self, path: Path) -> None:
        kept: dict[tuple[str, int], dict[str, Any]] = {}
        with path.open("rb") as lines:
            for number, text in enumerate(lines, 1):
                if not text.endswith(b"\n"):
                    break
                line = _line(text, f"{path}, line {number}")
                for cls, id_, values in line["set"]:
                    kept[cls, id_] = values
                for cls, id_ in line["gone"]:
                    kept.pop((cls, id_), None)
                    self._store.seen_id(cls, id_)
                for family, last in line["ids"].items():
                    self._store.last_ids[family] = last
        self._fill(kept)

    def _fill(self, kept: dict[tuple[str, int], dict[str, Any]]) -> None:
        placed = {key: self._store.place(*key) for key in kept}
        for key, values in kept.items():
            for name, value in values.items():
                self._store.link(placed[key], name, _decoded(value, self._store))
