"""Signing in: a password is looked at once and becomes a session grant."""

from __future__ import annotations

from datetime import timedelta

from transferapp.grants.port import Grants, Scope
from transferapp.protocol.messages import SignedIn, SignIn
from transferapp.repositories.port import Repository

SESSION_LIFETIME = timedelta(hours=12)
REMEMBERED_LIFETIME = timedelta(days=30)


class Sessions:
    """Opens sessions of people whom the repository knows."""

    def __init__(self, repository: Repository, grants: Grants) -> None:
        self._repository = repository
        self._grants = grants

    async def open(self, asked: SignIn) -> SignedIn:
        """Verify a person and mint a session token; raises SignInFailed."""
        identity = await self._repository.sign_in(
            asked.username, asked.password.get_secret_value()
        )
        minted = await self._grants.mint(
            Scope.SESSION,
            identity.experimenter.username,
            REMEMBERED_LIFETIME if asked.remember else SESSION_LIFETIME,
        )
        return SignedIn(
            token=minted.token, expires_at=minted.grant.expires_at, identity=identity
        )
