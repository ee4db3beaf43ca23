"""Signed URLs of previews: an image's address for programs that have no token."""

from __future__ import annotations

from transferapp.client.server import ServerClient
from transferapp.protocol import routes
from transferapp.protocol.signed_urls import NewSignedUrl, SignedUrl


class PreviewClient(ServerClient):
    """A ServerClient that also asks for signed URLs."""

    async def signed_url(self, image_id: int, lifetime_s: int | None = None) -> SignedUrl:
        """Return an address that opens an image's OME-Zarr without a token, for a while.

        Raises ImageNotFound, Invalid for a lifetime that is longer than the server allows,
        NotFound when the server is older than this question.
        """
        body = NewSignedUrl(lifetime_s=lifetime_s).model_dump(mode="json")
        path = routes.image_signed_url(image_id)
        signed = await self._call(SignedUrl, "POST", path, json=body)
        return signed.model_copy(update={"url": self.base_url + signed.url})


async def signed_url(
    server: ServerClient, image_id: int, lifetime_s: int | None = None
) -> SignedUrl:
    """Ask for one as the person of another client; raises as ``PreviewClient`` does."""
    async with PreviewClient(server.base_url, server.token) as client:
        return await client.signed_url(image_id, lifetime_s)
