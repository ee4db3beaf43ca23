"""Imports for another person: who may ask for them. The repository says, each time anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from transferapp.errors import PermissionDenied
from transferapp.ledger.port import ItemWork
from transferapp.repositories.port import Repository, RepositorySession

_REFUSED = (
    "You may not import for others. Only an administrator of the image repository who may act"
    " for others (in OMERO: with the privilege Sudo) may. Ask one, or let the person import it."
)


async def allowed_owner(repository: Repository, asker: str, owner: str) -> str:
    """Return whose rights count when ``asker`` asks for ``owner`` ("": for herself).

    Raises PermissionDenied for who may not act for others, and for somebody whom the
    repository does not know, or whose account is closed.
    """
    if owner in {"", asker}:
        return asker
    # Before anything is said of the other: who may not ask does not learn who exists.
    if not (await repository.identity(asker)).may_sudo:
        raise PermissionDenied(_REFUSED)
    return (await repository.identity(owner)).experimenter.username


@asynccontextmanager
async def owners_session(
    repository: Repository, work: ItemWork
) -> AsyncIterator[RepositorySession]:
    """Act as the person whose data an item becomes, as long as who asked for it still may.

    Raises PermissionDenied.
    """
    transfer = work.transfer
    if transfer.asked_by:
        await allowed_owner(repository, transfer.asked_by, transfer.owner)
    async with repository.session(transfer.owner, work.group_id) as session:
        yield session
