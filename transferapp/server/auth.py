"""Who is asking: FastAPI dependencies that turn a bearer token into a live grant.

Every route has exactly one of them, or none when anyone may ask. All refusals are the same
answer, so that nothing can be probed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Annotated

from cachetools import LRUCache
from fastapi import Depends, Request

from transferapp.errors import Busy, GrantRefused, PermissionDenied
from transferapp.grants.port import Grant, Scope
from transferapp.host.clock import Clock
from transferapp.operations.other_people import Owner, allowed_owner
from transferapp.server.parts import parts_of

#: Failed sign-ins of one person from one address within the window.
MAX_FAILURES = 10
FAILURE_WINDOW = timedelta(minutes=1)
#: Pairs that are remembered: bounds the memory that strangers can fill.
_REMEMBERED = 10_000


def bearer_token(header: str) -> str:
    """Return the token of an Authorization header; raises GrantRefused."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise GrantRefused("Sign in first.")
    return token.strip()


async def any_grant(request: Request) -> Grant:
    """Let in any live grant; what it may see is up to the route."""
    token = bearer_token(request.headers.get("authorization", ""))
    return await parts_of(request).grants.check(token)


async def session_grant(request: Request) -> Grant:
    """Let in a signed-in person; raises GrantRefused."""
    grant = await any_grant(request)
    if grant.scope is not Scope.SESSION:
        raise GrantRefused
    return grant


async def admin_grant(request: Request) -> Grant:
    """Let in a signed-in administrator, as the repository knows her now; raises
    PermissionDenied, GrantRefused.
    """
    grant = await session_grant(request)
    if not (await parts_of(request).repository.identity(grant.username)).is_admin:
        raise PermissionDenied("Only administrators may do this.")
    return grant


async def owner_allowed_to(request: Request, grant: Grant, owner: str) -> Owner:
    """Return whose rights count, and where, when a signed-in person asks for ``owner``
    ("": herself); raises PermissionDenied.
    """
    return await allowed_owner(parts_of(request).repository, grant.username, owner)


async def transfer_grant(transfer_id: str, request: Request) -> Grant:
    """Let in the grant of the transfer in the path, and nobody else; raises GrantRefused."""
    grant = await any_grant(request)
    if grant.scope is not Scope.TRANSFER or grant.transfer_id != transfer_id:
        raise GrantRefused
    return grant


async def transfer_reader(transfer_id: str, request: Request) -> Grant:
    """Let in a signed-in person, or the grant of the transfer in the path.

    Raises GrantRefused.
    """
    grant = await any_grant(request)
    if grant.scope is not Scope.SESSION and grant.transfer_id != transfer_id:
        raise GrantRefused
    return grant


AnyGrant = Annotated[Grant, Depends(any_grant)]
SessionGrant = Annotated[Grant, Depends(session_grant)]
AdminGrant = Annotated[Grant, Depends(admin_grant)]
TransferGrant = Annotated[Grant, Depends(transfer_grant)]
TransferReader = Annotated[Grant, Depends(transfer_reader)]


class SignInThrottle:
    """Slows guessing of passwords: counts attempts per person and address."""

    def __init__(self, clock: Clock) -> None:
        """Start with no attempts."""
        self._clock = clock
        self._attempts: LRUCache[tuple[str, str], list[datetime]] = LRUCache(_REMEMBERED)

    def admit(self, username: str, address: str) -> None:
        """Count an attempt; raises Busy, with the seconds to wait, after too many.

        Counted before the password is looked at: many at once do not slip through.
        """
        key = (username, address)
        now = self._clock.now()
        recent = [at for at in self._attempts.get(key, []) if at > now - FAILURE_WINDOW]
        if len(recent) >= MAX_FAILURES:
            seconds = max(1, ceil((recent[0] + FAILURE_WINDOW - now).total_seconds()))
            raise Busy(
                f"Too many failed attempts. Wait {seconds} seconds, then try again.",
                retry_after_s=seconds,
            )
        self._attempts[key] = [*recent, now]

    def succeeded(self, username: str, address: str) -> None:
        """Forget the attempts of a person who knew the password."""
        self._attempts.pop((username, address), None)
