"""Experimenters, groups and passwords as the tables hold them."""

from __future__ import annotations

from functools import cache

import argon2
import sqlalchemy as sa

from transferapp.errors import PermissionDenied, SignInFailed
from transferapp.model.identity import Experimenter, Group, GroupPermissions, Identity
from transferapp.repositories.local.accounts.permissions import Caller, GroupRole
from transferapp.repositories.local.storage.schema import experimenters, groups, memberships

_hasher = argon2.PasswordHasher()


@cache
def _nobody() -> str:
    """Return what is checked for unknown names, so that the time of the answer does not tell
    which exist. Made once, by who first signs in: a hash costs a start of a process 0.1 s.
    """
    return _hasher.hash("")


def hash_password(password: str) -> str:
    """Return the Argon2id hash to store."""
    return _hasher.hash(password)


def check_password(connection: sa.Connection, username: str, password: str) -> None:
    """Verify a password; raises SignInFailed (unknown, wrong, closed: one answer)."""
    columns = experimenters.c.password_hash, experimenters.c.closed
    query = sa.select(*columns).where(experimenters.c.username == username)
    found = connection.execute(query).one_or_none()
    nobody = _nobody()  # also for who is known: both take as long
    try:
        _hasher.verify(found.password_hash if found else nobody, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        raise SignInFailed from None
    if found is None or found.closed:
        raise SignInFailed


def load_caller(connection: sa.Connection, username: str, group_id: int | None) -> Caller:
    """Return whom a session acts as; raises PermissionDenied."""
    person = connection.execute(
        sa.select(experimenters).where(experimenters.c.username == username)
    ).one_or_none()
    if person is None or person.closed:
        raise PermissionDenied(
            f"The account '{username}' does not exist or is closed. Ask your administrator."
        )
    rows = list(_groups(connection, person.id, is_admin=person.is_admin))
    if not rows:
        raise PermissionDenied(
            f"The account '{username}' is in no group yet. Ask your administrator to add it."
        )
    roles = {
        row.id: GroupRole(
            GroupPermissions(row.permissions),
            is_member=row.is_owner is not None,
            is_owner=bool(row.is_owner),
        )
        for row in rows
    }
    if group_id is not None and group_id not in roles:
        raise PermissionDenied("You are not a member of this group. Choose another one.")
    identity = Identity(
        Experimenter(person.id, person.username, person.full_name, person.email),
        tuple(Group(r.id, r.name, GroupPermissions(r.permissions)) for r in rows),
        default_group_id=rows[0].id,
        is_admin=person.is_admin,
        may_sudo=person.is_admin,
        leads=frozenset(row.id for row in rows if row.is_owner),
    )
    return Caller(person.id, identity, roles, group_id)


def _groups(
    connection: sa.Connection, person_id: int, *, is_admin: bool
) -> sa.CursorResult[tuple[int, str, str, bool | None]]:
    """Return the groups in order of joining; an administrator's others follow."""
    joined = groups.join(
        memberships,
        sa.and_(
            memberships.c.group_id == groups.c.id,
            memberships.c.experimenter_id == person_id,
        ),
        isouter=is_admin,
    )
    return connection.execute(
        sa.select(groups.c.id, groups.c.name, groups.c.permissions, memberships.c.is_owner)
        .select_from(joined)
        .order_by(memberships.c.id.is_(None), memberships.c.id, groups.c.id)
    )
