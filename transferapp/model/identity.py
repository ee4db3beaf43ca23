"""Who a person is in the image repository, in OMERO's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GroupPermissions(StrEnum):
    """What members of a group may do with each other's data."""

    PRIVATE = "private"
    READ_ONLY = "read-only"
    READ_ANNOTATE = "read-annotate"
    READ_WRITE = "read-write"


@dataclass(frozen=True, slots=True)
class Experimenter:
    """A user of the image repository."""

    id: int
    username: str
    full_name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """An experimenter group; every container and image belongs to one."""

    id: int
    name: str
    permissions: GroupPermissions


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified person: the experimenter, the groups, and the default group."""

    experimenter: Experimenter
    groups: tuple[Group, ...]
    default_group_id: int
    is_admin: bool = False
    #: May act for other people: in OMERO the administrator's privilege *Sudo*.
    may_sudo: bool = False
    #: The ids of the groups that she leads: may act for their members there.
    leads: frozenset[int] = frozenset()
