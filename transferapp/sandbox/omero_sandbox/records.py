"""The nouns of the sandbox's database: records, their details, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

#: Record fields that are no fields of OMERO's model.
OWNER, GROUP = "@owner", "@group"
PERMISSIONS, PASSWORD, PIXEL_SOURCE = "#perms", "#password", "#source"


class Record:
    """One row: a class, an id, and values by field name (records, RTypes, Ice values)."""

    __slots__ = ("cls", "id", "saved", "values")

    def __init__(self, cls: str, id_: int) -> None:
        """Start without values."""
        self.cls, self.id = cls, id_
        self.values: dict[str, Any] = {}
        #: Whether a transaction that is over wrote it.
        self.saved = False

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from others."""
        return self.cls, self.id

    def text(self, name: str) -> Any:
        """Return a value as plain Python; ``None`` where there is none."""
        return plain(self.values.get(name))


@dataclass(frozen=True, slots=True)
class Details:
    """The ``details`` of a record: owner, group, events, permissions."""

    record: Record

    @property
    def key(self) -> tuple[tuple[str, int], str]:
        """What tells it from others."""
        return self.record.key, "details"


@dataclass(frozen=True, slots=True)
class ClassName:
    """A class as a value: ``where a.class = TagAnnotation``."""

    name: str


@dataclass(frozen=True, slots=True)
class SandboxCaller:
    """Who is asking, and in which group (-1: all of them)."""

    user: int
    group: int
    member_of: frozenset[int] = frozenset()
    leader_of: frozenset[int] = frozenset()
    #: Member of the group ``system``: reads everything.
    admin: bool = False
    #: What an administrator may do; a *restricted* one has few of these.
    privileges: frozenset[str] = field(default_factory=frozenset)
    #: The id of the session; what is made belongs to it, too.
    session: int | None = None

    def may(self, privilege: str) -> bool:
        """Say whether an administrator's privilege is held."""
        return self.admin and privilege in self.privileges

    def in_group(self, group: int) -> SandboxCaller:
        """Return the same person in another group."""
        return replace(self, group=group)


def plain(value: Any) -> Any:
    """Turn an RType, record or class into something that compares."""
    if value is None or isinstance(value, (str, int, float, bool, tuple)):
        return value
    if isinstance(value, ClassName):
        return value.name
    if isinstance(value, (Record, Details)):
        return value.key
    if hasattr(value, "_val"):
        return value._val
    return getattr(value, "_value", value)
