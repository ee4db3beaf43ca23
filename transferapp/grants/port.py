"""The port to grants: delegated, scoped, expiring, revocable tokens.

A token is opaque (``ta1_`` and 256 random bits) and stored only as a hash. A *session*
grant stands for a signed-in person; a *transfer* grant can do nothing but move the files
of one transfer and report on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from typing_extensions import override

#: Recognisable, so that scanners and log filters can find a leaked token.
TOKEN_PREFIX = "ta1_"  # noqa: S105 - a prefix, not a secret


class Scope(StrEnum):
    """What a grant can do."""

    SESSION = "session"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as it is stored; ``username`` is whom it acts for."""

    id: str
    scope: Scope
    username: str
    transfer_id: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Minted:
    """A new grant with its token; the token is shown this one time."""

    grant: Grant
    token: str

    @override
    def __repr__(self) -> str:
        """Mask the token."""
        return f"Minted(grant={self.grant.id}, token=***)"


class Grants(Protocol):
    """Mint, check, list and revoke grants."""

    async def mint(
        self,
        scope: Scope,
        username: str,
        lifetime: timedelta,
        *,
        transfer_id: str | None = None,
    ) -> Minted:
        """Make a grant."""

    async def check(self, token: str) -> Grant:
        """Return the live grant of a token; raises GrantRefused (unknown, expired,
        revoked: one message for all, so that nothing can be probed).
        """

    async def live(self, grant_id: str) -> Grant:
        """Return the live grant of an id, for what was derived from its token and signed by
        us; raises GrantRefused as ``check`` does.
        """

    async def owned_by(self, username: str) -> list[Grant]:
        """List a person's grants, newest first."""

    async def revoke(self, grant_id: str, username: str) -> None:
        """End a grant of this person at once; unknown ids raise NotFound."""

    async def forget_expired(self, age: timedelta) -> int:
        """Forget grants that expired so long ago; returns how many. Their holders are
        refused in the same words as before.
        """
