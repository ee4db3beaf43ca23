"""Which images an export is of: those that are named, and all that containers hold."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from transferapp.errors import Invalid
from transferapp.model.containers import ContainerRef
from transferapp.model.images import ImageSummary
from transferapp.protocol.export_requests import ExportRequest
from transferapp.repositories.port import RepositorySession

#: Images of one export.
MOST_IMAGES = 100_000
#: Named images that are looked up at the same time.
_AT_ONCE = 8
#: Images of a container that are read at once.
_PAGE = 1000


async def chosen_images(
    session: RepositorySession, request: ExportRequest
) -> list[ImageSummary]:
    """Return the images, each once: named ones first, then those of containers by id.

    Raises ImageNotFound or TargetNotFound for the first that is not there, and Invalid where
    there are none, or too many.
    """
    found = {one.id: one for one in await _named(session, request.image_ids)}
    for text in request.containers:
        await _take_in(session, ContainerRef.parse(text), found)
    if not found:
        raise Invalid("There are no images in what you chose, so there is nothing to export.")
    return list(found.values())


async def _named(session: RepositorySession, image_ids: Sequence[int]) -> list[ImageSummary]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def scan(image_id: int) -> ImageSummary:
        async with turn:
            return (await session.images.get(image_id)).summary

    asked = [asyncio.ensure_future(scan(one)) for one in dict.fromkeys(image_ids)]
    try:
        return list(await asyncio.gather(*asked))
    finally:
        for one in asked:
            one.cancel()


async def _take_in(
    session: RepositorySession, container: ContainerRef, found: dict[int, ImageSummary]
) -> None:
    after = 0
    while page := await session.images.find(container, after=after, limit=_PAGE):
        after = page[-1].id
        found.update((one.id, one) for one in page)
        if len(found) > MOST_IMAGES:
            raise Invalid(
                f"{container} and what else you chose hold more than {MOST_IMAGES:,} images."
                " Export in parts, for instance by dataset."
            )
