"""Imports for another person: who may ask for them. The repository says, each time anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from transferapp.errors import PermissionDenied, TargetNotFound
from transferapp.ledger.port import ItemWork
from transferapp.model.containers import Container
from transferapp.model.identity import Identity
from transferapp.repositories.port import Repository, RepositorySession

_REFUSED = (
    "You may not import for others. Only an administrator of the image repository who may act"
    " for others (in OMERO: with the privilege Sudo) may, and the leader of a group for its"
    " members, into that group. Ask one, or let the person import it."
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rights count, and in which groups (None: in all of hers)."""

    username: str
    group_ids: frozenset[int] | None = None

    def covers(self, group_id: int | None) -> bool:
        """Say whether what is asked for may be in this group."""
        return self.group_ids is None or group_id in self.group_ids

    def check_group(self, group_id: int | None) -> None:
        """Raise PermissionDenied for a group that who asks does not lead."""
        if not self.covers(group_id):
            raise PermissionDenied(_REFUSED)

    def check_container(self, found: Container) -> Container:
        """Return it; raises TargetNotFound for one of which who asks shall learn nothing."""
        if not self.covers(found.group_id):
            raise TargetNotFound
        return found

    def home(self, identity: Identity) -> int:
        """Return the group that new things go to when nothing else is said."""
        if self.group_ids is None or identity.default_group_id in self.group_ids:
            return identity.default_group_id
        return min(self.group_ids)


async def allowed_owner(repository: Repository, asker: str, owner: str) -> Owner:
    """Return whose rights count when ``asker`` asks for ``owner`` ("": for herself), and where.

    Raises PermissionDenied for who may not act for others, and for somebody whom the
    repository does not know, or whose account is closed.
    """
    if owner in {"", asker}:
        return Owner(asker)
    asking = await repository.identity(asker)
    if asking.may_sudo:
        return Owner((await repository.identity(owner)).experimenter.username)
    # Before anything is said of the other: who may not ask does not learn who exists.
    if not asking.leads:
        raise PermissionDenied(_REFUSED)
    try:
        acted_for = await repository.identity(owner)
    except PermissionDenied:
        raise PermissionDenied(_REFUSED) from None
    common = asking.leads & {group.id for group in acted_for.groups}
    # As an administrator she would reach further than a leader does (in OMERO: root).
    if acted_for.is_admin or not common:
        raise PermissionDenied(_REFUSED)
    return Owner(acted_for.experimenter.username, common)


@asynccontextmanager
async def owners_session(
    repository: Repository, work: ItemWork
) -> AsyncIterator[RepositorySession]:
    """Act as the person whose data an item becomes, as long as who asked for it still may.

    Raises PermissionDenied.
    """
    transfer = work.transfer
    if transfer.asked_by:
        owner = await allowed_owner(repository, transfer.asked_by, transfer.owner)
        owner.check_group(work.group_id)
    async with repository.session(transfer.owner, work.group_id) as session:
        yield session
