"""Learn OMERO's model (fields, relations, inheritance) from omero-py's generated code.

IcePy's registration functions are wrapped while omero is imported for the first time; that
is why the sandbox has a process of its own and why this module comes before any omero.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import IcePy

if "omero" in __import__("sys").modules:  # pragma: no cover - a mistake of the caller
    raise RuntimeError("transferapp.sandbox.omero_sandbox.slices must be imported first")

_REGISTRATIONS = ("declareClass", "defineClass", "defineSequence", "Operation")
_MODEL = "::omero::model::"

_originals: dict[str, Callable[..., Any]] = {n: getattr(IcePy, n) for n in _REGISTRATIONS}
_names: dict[int, str] = {}
_keep: list[Any] = []
_classes: dict[str, tuple[Any, Any]] = {}
_sequences: dict[str, Any] = {}
#: id(operation) -> (asynchronous dispatch, returns nothing)
OPERATIONS: dict[int, tuple[bool, bool]] = {}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a class: ``seq`` and ``ref`` lead to entities, the others hold values."""

    kind: str
    type: str


def _remember(name: str) -> Callable[..., Any]:
    original = _originals[name]

    def wrapper(identifier: str, *rest: Any) -> Any:
        made = original(identifier, *rest)
        if made is None:
            return None
        _keep.append(made)
        if name == "Operation":
            OPERATIONS[id(made)] = (rest[2], not rest[6] and rest[7] is None)
            return made
        _names[id(made)] = identifier
        if name == "defineClass":
            _classes[identifier] = (rest[5], rest[7])
        elif name == "defineSequence":
            _sequences[identifier] = rest[1]
        return made

    return wrapper


for _n in _REGISTRATIONS:
    setattr(IcePy, _n, _remember(_n))
for _n in ("omero", "omero.all", "omero.gateway", "omero.cmd", "omero.grid"):
    importlib.import_module(_n)
for _n, _f in _originals.items():
    setattr(IcePy, _n, _f)


def _short(kind: Any) -> str:
    return _names.get(id(kind), "").rpartition("::")[2]


#: class -> its base class
BASE: dict[str, str | None] = {
    name.removeprefix(_MODEL): _short(base) if base else None
    for name, (base, _members) in _classes.items()
    if name.startswith(_MODEL)
}


def is_kind_of(name: str | None, parent: str) -> bool:
    """Say whether a class is ``parent`` or comes from it."""
    while name:
        if name == parent:
            return True
        name = BASE.get(name)
    return False


def _entity(name: str) -> bool:
    return is_kind_of(name, "IObject")


def _field(name: str, kind: Any) -> tuple[str, Field] | None:
    full, short = _names.get(id(kind), ""), _short(kind)
    if full in _sequences:
        element = _short(_sequences[full])
        if not _entity(element):
            return name, Field("list", element)
        return name.removesuffix("Seq"), Field("seq", element)
    if full.startswith("::omero::R"):
        return name, Field("rtype", short)
    if _entity(short):
        return name, Field("ref", short)
    hidden = name in ("details", "loaded") or name.endswith(("Loaded", "CountPerOwner"))
    return None if hidden or not full else (name, Field("value", short))


def _own_fields(name: str) -> dict[str, Field]:
    found = (_field(member[0][1:], member[2]) for member in _classes[_MODEL + name][1])
    return dict(pair for pair in found if pair is not None)


def _all_fields(name: str) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    up: str | None = name
    while up and up in BASE:
        fields = {**_own_fields(up), **fields}
        up = BASE.get(up)
    return fields


#: class -> its fields, those of its bases too
FIELDS: dict[str, dict[str, Field]] = {name: _all_fields(name) for name in BASE}
#: entity class -> itself and all that come from it
SUBTYPES: dict[str, list[str]] = {
    name: [other for other in BASE if is_kind_of(other, name)] for name in BASE if _entity(name)
}
#: classes that are a word from a list
ENUMERATIONS = {
    n for n in SUBTYPES if set(FIELDS[n]) - {"id", "details", "version"} == {"value"}
}


def inverse(name: str, collection: str) -> tuple[str, str | None]:
    """Return a collection's element class and its field that points back."""
    element = FIELDS[name][collection].type
    preferred = ["child", "parent"] if collection.startswith("parent") else ["parent", "child"]
    back = [
        field
        for field, f in FIELDS[element].items()
        if f.kind == "ref" and (is_kind_of(name, f.type) or is_kind_of(f.type, name))
    ]
    for field in preferred:
        if field in back:
            return element, field
    return element, back[0] if back else None


def entity_name(stated: str) -> str | None:
    """``omero.model.DatasetI``, ``ome.model.containers.Dataset``, ``dataset`` -> Dataset."""
    text = stated.replace("::", ".").rpartition(".")[2]
    for name in (text, text.removesuffix("I"), text[:1].upper() + text[1:]):
        if name in SUBTYPES:
            return name
    return None
