"""Signed URLs: a person lets a program without her token read one image for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from transferapp.errors import GrantRefused, Invalid, SignedUrlEnded
from transferapp.grants.port import Grant, Grants
from transferapp.grants.signing import SignedImage, Signing
from transferapp.host.clock import Clock
from transferapp.protocol import routes
from transferapp.protocol.signed_urls import SignedUrl
from transferapp.repositories.port import Repository


class SignedUrls:
    """Makes signed URLs and checks them; they end with the grant that they come from."""

    def __init__(
        self,
        repository: Repository,
        grants: Grants,
        signing: Signing,
        clock: Clock,
        *,
        usual: timedelta,
        most: timedelta,
    ) -> None:
        """Make URLs that last as long as is ``usual``; ``most`` is what one may ask for."""
        self._repository = repository
        self._grants = grants
        self._signing = signing
        self._clock = clock
        self._usual = min(usual, most)
        self._most = most

    async def sign(
        self, grant: Grant, image_id: int, lifetime: timedelta | None = None
    ) -> SignedUrl:
        """Return a URL of an image that the person may see now.

        Raises Invalid for a lifetime beyond the maximum, ImageNotFound, RepositoryUnavailable.
        """
        if lifetime is not None and lifetime > self._most:
            most_s = int(self._most.total_seconds())
            raise Invalid(f"A signed address lasts {most_s} seconds at most. Ask for less.")
        async with self._repository.session(grant.username) as session:
            await session.images.get(image_id)
        end = min(self._clock.now() + (lifetime or self._usual), grant.expires_at)
        # The signature holds whole seconds.
        end = end.replace(microsecond=0)
        signature = self._signing.sign(SignedImage(grant.id, image_id, end))
        return SignedUrl(url=routes.signed_zarr(signature), expires_at=end)

    async def check(self, signature: str) -> tuple[SignedImage, Grant]:
        """Return what a signature opens, and for whom.

        Raises Denied for what was never signed, SignedUrlEnded for what is over.
        """
        image = self._signing.read(signature)
        if image.expires_at <= self._clock.now():
            raise SignedUrlEnded
        try:
            return image, await self._grants.live(image.grant_id)
        except GrantRefused as error:
            raise SignedUrlEnded from error

    def left(self, until: datetime) -> timedelta:
        """Return how long it is until then."""
        return until - self._clock.now()
