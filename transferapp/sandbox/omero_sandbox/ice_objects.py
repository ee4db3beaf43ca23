"""Records to Ice objects and back: what a query did not fetch stays unloaded, as in OMERO."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
from omero import rtypes

from transferapp.sandbox.omero_sandbox.hql_rows import FetchPlan
from transferapp.sandbox.omero_sandbox.permissions import (
    ANNOTATE,
    EDIT,
    LINK,
    RIGHTS,
    permissions_of,
    require,
)
from transferapp.sandbox.omero_sandbox.records import (
    GROUP,
    OWNER,
    ClassName,
    Record,
    SandboxCaller,
)
from transferapp.sandbox.omero_sandbox.slices import ENUMERATIONS, FIELDS, inverse
from transferapp.sandbox.omero_sandbox.store import DETAIL_FIELDS, Store, missing

#: Says whether a caller may have the bytes behind a record.
BinaryPolicy = Callable[[Record, SandboxCaller], bool]


def ice_class(cls: str) -> Any:
    """Return omero-py's class for a class of the model."""
    return getattr(omero.model, cls + "I")


def eager(store: Store, record: Record, *paths: str) -> FetchPlan:
    """Return a fetch plan as of ``join fetch``: dotted paths that start at the record."""
    plan: FetchPlan = {}
    for path in paths:
        level = [record]
        for step in path.split("."):
            following: list[Record] = []
            for owner in level:
                found = store.get(owner, step)
                plan[(owner.key, step)] = found
                following += found if isinstance(found, list) else [found] if found else []
            level = following
    return plan


class Outgoing:
    """Makes Ice objects of one answer; the same record becomes the same object."""

    def __init__(
        self,
        caller: SandboxCaller | None,
        plan: FetchPlan | None = None,
        binary: BinaryPolicy | None = None,
    ) -> None:
        """Load what the plan names; everything else is a bare id."""
        self._caller, self._plan, self._binary = caller, plan or {}, binary
        self._made: dict[tuple[str, int], Any] = {}

    def permissions(self, record: Record) -> Any:
        """Return a record's permissions for the caller."""
        caller = self._caller
        binary = caller is None or self._binary is None or self._binary(record, caller)
        return permissions_of(record, caller, binary=binary)

    def object(self, record: Record | None) -> Any:
        """Return the loaded object of a record."""
        if record is None:
            return None
        if record.key in self._made:
            return self._made[record.key]
        made = self._made[record.key] = ice_class(record.cls)(record.id, True)
        made.unloadCollections()
        for name, field in FIELDS[record.cls].items():
            if name == "id":
                continue
            if field.kind == "seq":
                self._collection(made, record, name)
            else:
                setattr(made, "_" + name, self._value(record, name, field.kind))
        details = made._details = omero.model.DetailsI()
        for name in DETAIL_FIELDS:
            held = record.values.get("@" + name)
            setattr(details, "_" + name, self._reference((record.key, "details"), name, held))
        details._permissions = self.permissions(record)
        return made

    def _collection(self, made: Any, record: Record, name: str) -> None:
        if (record.key, name) in self._plan:
            found = [self.object(part) for part in self._plan[(record.key, name)]]
            setattr(made, f"_{name}Seq", found)
            setattr(made, f"_{name}Loaded", True)

    def _value(self, record: Record, name: str, kind: str) -> Any:
        held = record.values.get(name)
        if kind == "ref":
            return self._reference(record.key, name, held)
        return (held or []) if kind == "list" else held

    def _reference(self, owner: Any, name: str, record: Record | None) -> Any:
        if record is None:
            return None
        if (owner, name) in self._plan:
            return self.object(record)
        return ice_class(record.cls)(record.id, False)

    def rtype(self, value: Any) -> Any:  # noqa: PLR0911 - one for each kind
        """Return one value of a projection."""
        if isinstance(value, Record):
            return rtypes.robject(self.object(value))
        if value is None or hasattr(value, "_val"):
            return value
        if isinstance(value, ClassName):
            return rtypes.rstring(value.name)
        if isinstance(value, list):
            return rtypes.rlist([self.rtype(part) for part in value])
        if isinstance(value, omero.model.Permissions):
            return permissions_map(value)
        if hasattr(value, "_unit"):
            return _quantity(value)
        return _plain(value)


def _plain(value: Any) -> Any:
    makers = ((bool, rtypes.rbool), (int, rtypes.rlong), (float, rtypes.rdouble))
    maker = next((make for kind, make in makers if isinstance(value, kind)), rtypes.rstring)
    return maker(value)


def _quantity(value: Any) -> Any:
    unit = rtypes.rstring(str(value._unit))
    return rtypes.rmap({"value": rtypes.rdouble(value._value), "unit": unit, "symbol": unit})


def permissions_map(permissions: Any) -> Any:
    """Return permissions as ``select new map(obj as obj_details_permissions)`` does."""
    rights = {
        right: rtypes.rbool(not permissions._restrictions[number])
        for number, right in enumerate(RIGHTS)
    }
    return rtypes.rmap({"perm": rtypes.rstring(str(permissions)), **rights})


class Incoming:
    """Saves one graph of Ice objects; raises SecurityViolation, ValidationException."""

    def __init__(self, store: Store, caller: SandboxCaller) -> None:
        """Save on behalf of a caller."""
        self._store, self._caller = store, caller
        self._saved: dict[int, Record] = {}

    def save(self, given: Any) -> Record | None:
        """Save an object and what hangs on it; it gets its id and details."""
        if given is None:
            return None
        if id(given) in self._saved:
            return self._saved[id(given)]
        cls = type(given).__name__.removesuffix("I")
        if not given._loaded or (cls in ENUMERATIONS and given._id is None):
            return self._known(cls, given)
        record = self._record(cls, given)
        self._saved[id(given)] = record
        for name, field in FIELDS[cls].items():
            if name != "id":
                self._field(record, given, name, field.kind)
        self._stamp(given, record)
        return record

    def _known(self, cls: str, given: Any) -> Record:
        if given._id is None:
            record: Record | None = self._store.enumeration(cls, given._value._val)
        else:
            record = self._store.find(cls, given._id._val)
        if record is None:
            raise missing(cls, given._id._val)
        given._id = rtypes.rlong(record.id)
        return record

    def _record(self, cls: str, given: Any) -> Record:
        record = None if given._id is None else self._store.find(cls, given._id._val)
        if record is not None:
            require(record, self._caller, EDIT)
            return record
        self._may_link(cls, given)
        group = getattr(given._details, "_group", None) if given._details else None
        caller = self._caller if group is None else self._caller.in_group(group._id._val)
        if caller.group < 0:
            text = "Objects cannot be made in group -1: set omero.group"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
        return self._store.new(cls, caller)

    def _may_link(self, cls: str, given: Any) -> None:
        """A link needs a right on its parent; a new parent is the caller's own."""
        parent = getattr(given, "_parent", None)
        if not cls.endswith("Link") or parent is None or parent._id is None:
            return
        kind = type(parent).__name__.removesuffix("I")
        record = self._store.load(kind, parent._id._val)
        if record.values.get(GROUP) is not None:
            require(record, self._caller, ANNOTATE if "Annotation" in cls else LINK)
        self._not_twice(cls, record, getattr(given, "_child", None))

    def _not_twice(self, cls: str, parent: Record, child: Any) -> None:
        """OMERO's tables of links are ``unique (parent, child, owner_id)``."""
        if child is None or child._id is None:
            return
        for link in self._store.tables[cls].values():
            held, owner = link.values.get("child"), link.values.get(OWNER)
            same = held is not None and held.id == child._id._val
            mine = owner is not None and owner.id == self._caller.user
            if same and mine and link.values.get("parent") is parent:
                text = f"could not insert: [ome.model.{cls}]; constraint violated"
                raise omero.ValidationException(None, "omero.ValidationException", text)

    def _field(self, record: Record, given: Any, name: str, kind: str) -> None:
        if kind == "seq":
            back = inverse(record.cls, name)[1] or ""
            for part in getattr(given, f"_{name}Seq", None) or []:
                saved = self.save(part)
                if saved is not None:
                    self._store.set(saved, back, record)
            return
        value = getattr(given, "_" + name)
        if kind != "ref":
            self._store.set(record, name, value)
        elif value is None or (saved := self.save(value)) is None:
            self._store.set(record, name, None)
        else:
            self._store.set(record, name, saved)

    def _stamp(self, given: Any, record: Record) -> None:
        given._id = rtypes.rlong(record.id)
        details = given._details = omero.model.DetailsI()
        for name in DETAIL_FIELDS:
            held = record.values.get("@" + name)
            bare = None if held is None else ice_class(held.cls)(held.id, False)
            setattr(details, "_" + name, bare)
        details._permissions = permissions_of(record, self._caller)
