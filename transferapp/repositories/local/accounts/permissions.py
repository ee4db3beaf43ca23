"""OMERO's group permissions: what a person sees of others' data, and may do with it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from transferapp.errors import PermissionDenied
from transferapp.model.identity import GroupPermissions, Identity


@dataclass(frozen=True, slots=True)
class GroupRole:
    """A group as one person meets it."""

    permissions: GroupPermissions
    is_member: bool
    is_owner: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may do with one object beyond seeing it."""

    can_annotate: bool
    can_link: bool
    can_edit: bool


_ALL = Rights(can_annotate=True, can_link=True, can_edit=True)
_NONE = Rights(can_annotate=False, can_link=False, can_edit=False)
#: In a private group even its owners must not mix other people's data.
_ORDER_ONLY = Rights(can_annotate=False, can_link=False, can_edit=True)
_MEMBER = {
    GroupPermissions.PRIVATE: _NONE,
    GroupPermissions.READ_ONLY: _NONE,
    GroupPermissions.READ_ANNOTATE: Rights(can_annotate=True, can_link=False, can_edit=False),
    GroupPermissions.READ_WRITE: _ALL,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a session acts as: ``group_id`` narrows it to one group (None = all)."""

    experimenter_id: int
    identity: Identity
    roles: dict[int, GroupRole]
    group_id: int | None = None

    @property
    def is_admin(self) -> bool:
        """May see and order everything."""
        return self.identity.is_admin

    @property
    def home_group_id(self) -> int:
        """Where new things go when nothing else is said."""
        return self.identity.default_group_id if self.group_id is None else self.group_id

    def rights(self, owner_id: int, group_id: int) -> Rights:
        """Return what may be done with an object of this owner in this group."""
        role = self.roles.get(group_id)
        if role is None or not (role.is_member or self.is_admin):
            return _NONE
        if owner_id == self.experimenter_id:
            return _ALL
        if self.is_admin or role.is_owner:
            return _ORDER_ONLY if role.permissions is GroupPermissions.PRIVATE else _ALL
        return _MEMBER[role.permissions]

    def sees(self, table: sa.FromClause) -> sa.ColumnElement[bool]:
        """Return the condition on a table's owner_id and group_id for being visible."""
        everything: list[int] = []
        own_only: list[int] = []
        for group_id, role in self.roles.items():
            if self.group_id not in {None, group_id}:
                continue
            if self.is_admin or role.is_owner:
                everything.append(group_id)
            elif role.is_member:
                private = role.permissions is GroupPermissions.PRIVATE
                (own_only if private else everything).append(group_id)
        own = sa.and_(table.c.group_id.in_(own_only), table.c.owner_id == self.experimenter_id)
        return sa.or_(table.c.group_id.in_(everything), own)

    def may_write_in(self, group_id: int) -> bool:
        """Tell whether new things may be made in a group."""
        role = self.roles.get(group_id)
        in_scope = self.group_id in {None, group_id}
        return in_scope and role is not None and (role.is_member or self.is_admin)


def demand(allowed: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise PermissionDenied saying what is not allowed."""
    if not allowed:
        raise PermissionDenied(
            f"You may not {what}. Choose one that is yours, or ask the owner of the group."
        )
