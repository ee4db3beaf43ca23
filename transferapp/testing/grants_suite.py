"""What every adapter of the grants' port must do, as tests to inherit.

A subclass gives the fixtures ``grants`` and ``clock`` (the clock of these grants).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from transferapp.errors import GrantRefused, NotFound
from transferapp.grants.port import TOKEN_PREFIX, Grants, Scope
from transferapp.testing.moved_clock import MovedClock

HOUR = timedelta(hours=1)


class GrantsSuite:
    """Mint, check, list, revoke, forget."""

    async def test_what_expired_long_ago_is_forgotten(
        self, grants: Grants, clock: MovedClock
    ) -> None:
        """Its holder is refused in the same words as before; all others stay."""
        old = await grants.mint(Scope.SESSION, "ada", HOUR)
        clock.advance(hours=23)
        young = await grants.mint(Scope.SESSION, "ada", HOUR)
        clock.advance(hours=2)
        alive = await grants.mint(Scope.TRANSFER, "ada", 10 * HOUR, transfer_id="t" * 32)
        revoked = await grants.mint(Scope.SESSION, "ada", 10 * HOUR)
        await grants.revoke(revoked.grant.id, "ada")
        with pytest.raises(GrantRefused) as before:
            await grants.check(old.token)
        assert await grants.forget_expired(24 * HOUR) == 0
        clock.advance(minutes=1)
        assert await grants.forget_expired(24 * HOUR) == 1
        left = {one.id for one in await grants.owned_by("ada")}
        assert left == {one.grant.id for one in (young, alive, revoked)}
        with pytest.raises(GrantRefused) as after:
            await grants.check(old.token)
        assert (after.value.message, after.value.code) == (
            before.value.message,
            before.value.code,
        )
        assert (await grants.check(alive.token)).id == alive.grant.id

    async def test_several_may_forget_at_once(self, grants: Grants, clock: MovedClock) -> None:
        """Each grant is counted by one of them."""
        for _ in range(20):
            await grants.mint(Scope.SESSION, "ada", HOUR)
        clock.advance(hours=2)
        counts = await asyncio.gather(*(grants.forget_expired(0 * HOUR) for _ in range(4)))
        assert sum(counts) == 20
        assert await grants.owned_by("ada") == []

    async def test_a_token_stands_for_its_grant(self, grants: Grants) -> None:
        """The grant of a token is the one that was minted."""
        minted = await grants.mint(Scope.TRANSFER, "ada", HOUR, transfer_id="t" * 32)
        assert minted.token.startswith(TOKEN_PREFIX)
        found = await grants.check(minted.token)
        assert (found.id, found.scope, found.username) == (
            minted.grant.id,
            Scope.TRANSFER,
            "ada",
        )
        assert found.transfer_id == "t" * 32
        assert minted.token not in repr(minted)

    async def test_an_id_stands_for_its_grant_as_long_as_its_token(
        self, grants: Grants, clock: MovedClock
    ) -> None:
        """Unknown, expired and revoked ones are refused in the words for tokens."""
        minted = await grants.mint(Scope.SESSION, "ada", HOUR)
        revoked = await grants.mint(Scope.SESSION, "ada", HOUR)
        await grants.revoke(revoked.grant.id, "ada")
        found = await grants.live(minted.grant.id)
        assert (found.id, found.username) == (minted.grant.id, "ada")
        with pytest.raises(GrantRefused) as unknown:
            await grants.live("0" * 32)
        with pytest.raises(GrantRefused) as ended:
            await grants.live(revoked.grant.id)
        clock.advance(hours=1)
        with pytest.raises(GrantRefused) as expired:
            await grants.live(minted.grant.id)
        assert unknown.value.message == ended.value.message == expired.value.message

    async def test_refusals_are_all_the_same(self, grants: Grants, clock: MovedClock) -> None:
        """Unknown, malformed, expired, revoked: one message, so nothing can be probed."""
        expired = await grants.mint(Scope.SESSION, "ada", timedelta(minutes=1))
        revoked = await grants.mint(Scope.SESSION, "ada", HOUR)
        await grants.revoke(revoked.grant.id, "ada")
        clock.advance(minutes=1)
        messages = set()
        for token in (
            "",
            "nonsense",
            f"{TOKEN_PREFIX}unknown",
            expired.token,
            revoked.token,
            revoked.grant.id,
        ):
            with pytest.raises(GrantRefused) as refused:
                await grants.check(token)
            messages.add(refused.value.message)
        assert len(messages) == 1

    async def test_a_revoked_grant_is_refused_at_once(self, grants: Grants) -> None:
        """The very next check fails; other grants live on."""
        first = await grants.mint(Scope.SESSION, "ada", HOUR)
        second = await grants.mint(Scope.SESSION, "ada", HOUR)
        await grants.check(first.token)
        await grants.revoke(first.grant.id, "ada")
        with pytest.raises(GrantRefused):
            await grants.check(first.token)
        assert (await grants.check(second.token)).id == second.grant.id

    async def test_only_the_owner_can_revoke(self, grants: Grants) -> None:
        """Another person's grant is not there."""
        minted = await grants.mint(Scope.SESSION, "ada", HOUR)
        for grant_id, username in ((minted.grant.id, "bob"), ("0" * 32, "ada")):
            with pytest.raises(NotFound):
                await grants.revoke(grant_id, username)
        await grants.check(minted.token)

    async def test_revoking_twice_keeps_the_first_time(
        self, grants: Grants, clock: MovedClock
    ) -> None:
        """It is idempotent."""
        minted = await grants.mint(Scope.SESSION, "ada", HOUR)
        await grants.revoke(minted.grant.id, "ada")
        first = (await grants.owned_by("ada"))[0].revoked_at
        clock.advance(minutes=5)
        await grants.revoke(minted.grant.id, "ada")
        assert (await grants.owned_by("ada"))[0].revoked_at == first

    async def test_last_use_is_noted_about_once_a_minute(
        self, grants: Grants, clock: MovedClock
    ) -> None:
        """Exact enough for a person, cheap enough for every request."""
        minted = await grants.mint(Scope.SESSION, "ada", HOUR)
        noted = []
        for _ in range(3):
            await grants.check(minted.token)
            noted.append((await grants.owned_by("ada"))[0].last_used_at)
            clock.advance(seconds=40)
        assert noted[0] is not None
        assert noted[0] == noted[1]
        assert noted[2] == noted[0] + timedelta(seconds=80)

    async def test_lists_are_personal_and_newest_first(
        self, grants: Grants, clock: MovedClock
    ) -> None:
        """Nobody sees another person's grants."""
        first = await grants.mint(Scope.SESSION, "ada", HOUR)
        clock.advance(seconds=1)
        second = await grants.mint(Scope.SESSION, "ada", HOUR)
        await grants.mint(Scope.SESSION, "bob", HOUR)
        assert [grant.id for grant in await grants.owned_by("ada")] == [
            second.grant.id,
            first.grant.id,
        ]
