"""The sandbox's database: tables of records, who refers to whom, and what has changed."""

from __future__ import annotations

from functools import cache
from typing import Any

import omero
from omero import rtypes

from transferapp.sandbox.omero_sandbox.clock import SandboxClock
from transferapp.sandbox.omero_sandbox.permissions import permissions_of
from transferapp.sandbox.omero_sandbox.records import (
    GROUP,
    OWNER,
    ClassName,
    Details,
    Record,
    SandboxCaller,
)
from transferapp.sandbox.omero_sandbox.slices import BASE, FIELDS, SUBTYPES, inverse
from transferapp.sandbox.omero_sandbox.undoing import UndoLog

DETAIL_FIELDS = ("owner", "group", "creationEvent", "updateEvent", "externalInfo")

_RTYPES = {
    "RString": rtypes.rstring,
    "RLong": rtypes.rlong,
    "RInt": rtypes.rint,
    "RDouble": rtypes.rdouble,
    "RFloat": rtypes.rfloat,
    "RBool": rtypes.rbool,
    "RTime": rtypes.rtime,
}


def missing(cls: str, id_: Any) -> Exception:
    """Return what OMERO raises for an id without a row."""
    text = f"No row with the given identifier exists: [ome.model.{cls}#{id_}]"
    error: Exception = omero.ValidationException(None, None, text)
    return error


class Store:
    """Tables of records by class and id. Not thread-safe: see ``Sandbox.lock``."""

    def __init__(self, clock: SandboxClock) -> None:
        """Start empty."""
        self.clock = clock
        self.tables: dict[str, dict[int, Record]] = {name: {} for name in SUBTYPES}
        #: What is not in the journal yet; ``None`` for deleted ones.
        self.changed: dict[tuple[str, int], Record | None] = {}
        #: What was saved once and is deleted since the last line of the journal.
        self.removed: list[tuple[str, int]] = []
        self.last_ids: dict[str, int] = {}
        #: What a failed call takes back; ids that were given stay given, as a sequence's do.
        self.undo = UndoLog()
        self._referrers: dict[tuple[str, str], dict[tuple[str, int], dict[Record, None]]] = {}

    def find(self, cls: str, id_: int) -> Record | None:
        """Return a record of a class or its subclasses."""
        for name in SUBTYPES[cls]:
            if id_ in self.tables[name]:
                return self.tables[name][id_]
        return None

    def load(self, cls: str, id_: int) -> Record:
        """Return a record; raises ValidationException."""
        record = self.find(cls, id_)
        if record is None:
            raise missing(cls, id_)
        return record

    def all(self, cls: str) -> list[Record]:
        """Return the records of exactly this class, by id."""
        return [record for _id, record in sorted(self.tables[cls].items())]

    def new(
        self,
        cls: str,
        caller: SandboxCaller | None = None,
        id_: int | None = None,
        **values: Any,
    ) -> Record:
        """Make a record; with a caller it belongs to them and their group."""
        made = self.place(cls, self._next_id(cls) if id_ is None else id_)
        if caller is not None:
            self.set(made, OWNER, self.find("Experimenter", caller.user))
            self.set(made, GROUP, self.find("ExperimenterGroup", caller.group))
        if cls not in ("Event", "EventLog", "Session"):
            time = rtypes.rtime(self.clock.now_ms())
            event = self.new("Event", None, time=time, experimenter=made.values.get(OWNER))
            if caller is not None and caller.session is not None:
                self.set(event, "session", self.find("Session", caller.session))
            made.values["@creationEvent"] = made.values["@updateEvent"] = event
        for name, value in values.items():
            self.set(made, name, value)
        return made

    def place(self, cls: str, id_: int) -> Record:
        """Make an empty record under a known id."""
        made = self.tables[cls][id_] = Record(cls, id_)
        self.seen_id(cls, id_)
        self.changed[made.key] = made
        self.undo.note(lambda: self.delete(made))
        return made

    def seen_id(self, cls: str, id_: int) -> None:
        """Never give this id again."""
        family = _family(cls)
        self.last_ids[family] = max(self.last_ids.get(family, -1), id_)

    def _next_id(self, cls: str) -> int:
        return max(self.last_ids.get(_family(cls), 0), 0) + 1

    def set(self, record: Record, name: str, value: Any) -> None:
        """Write a field; plain Python values become RTypes."""
        if record.key not in self.changed:
            self.undo.note(lambda: self.changed.pop(record.key, None))
        self.changed[record.key] = record
        self.link(record, name, value)

    def link(self, record: Record, name: str, value: Any) -> None:
        """Write a field without noting a change."""
        old = record.values.get(name)
        self.undo.note(lambda: self.link(record, name, old))
        if isinstance(old, Record):
            self._referrers.get((record.cls, name), {}).get(old.key, {}).pop(record, None)
        if isinstance(value, Record):
            back = self._referrers.setdefault((record.cls, name), {})
            back.setdefault(value.key, {})[record] = None
        elif isinstance(value, (str, int, float, bool)) and name[0] not in "@#":
            value = _RTYPES[FIELDS[record.cls][name].type](value)
        record.values[name] = value

    def delete(self, record: Record) -> None:
        """Remove a record; what refers to it keeps a dangling reference, as tests expect."""
        for name in list(record.values):
            self.link(record, name, None)
        self.tables[record.cls].pop(record.id, None)
        self.changed[record.key] = None
        if record.saved:
            self.removed.append(record.key)

    def get(self, owner: Any, name: str) -> Any:
        """Return a field of a record, its details, a value, or of each of a list."""
        if isinstance(owner, Record):
            return self._field(owner, name)
        if isinstance(owner, Details):
            held = owner.record.values
            if name in DETAIL_FIELDS:
                return held.get("@" + name)
            return permissions_of(owner.record) if name == "permissions" else None
        if isinstance(owner, list):
            return [self.get(part, name) for part in owner]
        return getattr(owner, "_" + name, getattr(owner, name, None))  # Length.value ...

    def _field(self, owner: Record, name: str) -> Any:
        if name == "id":
            return rtypes.rlong(owner.id)
        if name == "details":
            return Details(owner)
        if name == "class":
            return ClassName(owner.cls)
        field = FIELDS[owner.cls].get(name)
        if field is None or field.kind != "seq":
            return owner.values.get(name)
        return self.related(owner, name)

    def related(self, owner: Record, collection: str) -> list[Record]:
        """Return the records of a collection, by id."""
        element, back = inverse(owner.cls, collection)
        found = (
            record
            for name in SUBTYPES[element]
            for record in self._referrers.get((name, back or ""), {}).get(owner.key, {})
        )
        return sorted(found, key=lambda record: record.id)

    def first(self, cls: str, name: str, value: Any) -> Record | None:
        """Return the first record whose field has this plain value."""
        return next((r for r in self.tables[cls].values() if r.text(name) == value), None)

    def enumeration(self, cls: str, value: str) -> Record:
        """Return the entry of an enumeration, made when it is new."""
        return self.first(cls, "value", value) or self.new(cls, None, value=value)


@cache
def _family(cls: str) -> str:
    """Return the class that ids are counted for: what comes from one class shares a table."""
    base = BASE[cls]
    return cls if base in (None, "IObject", "Link") else _family(str(base))
