"""Which images an export is of: those that are named, and all that containers hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from transferapp.errors import ImageNotFound, Invalid, TargetNotFound
from transferapp.model.containers import ContainerRef
from transferapp.model.images import ImageSummary
from transferapp.protocol.export_requests import ExportRequest
from transferapp.repositories.port import RepositorySession

#: Images of one export.
MOST_IMAGES = 100_000
#: Images that are read at once.
_PAGE = 1000

NOTHING = "There are no images in what you chose, so there is nothing to export."
TOO_MANY = (
    f"What you chose holds more than {MOST_IMAGES:,} images. Export in parts, for instance by"
    " dataset."
)


class Selection:
    """What a request chooses, read page by page: named images first, then the containers'."""

    def __init__(self, session: RepositorySession, request: ExportRequest) -> None:
        """Choose as the person of the session."""
        self._session, self._request = session, request
        self._seen: set[int] = set()
        #: What is gone, or not to be seen, with the error that says so; grows with the pages.
        self.missing: list[tuple[str, ImageNotFound | TargetNotFound]] = []

    @property
    def count(self) -> int:
        """How many images there were so far."""
        return len(self._seen)

    async def pages(self) -> AsyncIterator[list[ImageSummary]]:
        """Yield the images, each once, at most 1000 together; containers' by id."""
        for ids in _batches(list(dict.fromkeys(self._request.image_ids))):
            yield self._new(await self._named(ids))
        for text in self._request.containers:
            async for page in self._inside(ContainerRef.parse(text)):
                yield self._new(page)

    async def _named(self, ids: list[int]) -> list[ImageSummary]:
        found = {one.id: one for one in await self._session.images.summaries(ids)}
        self.missing += [(f"Image:{one}", _unknown(one)) for one in ids if one not in found]
        return [found[one] for one in ids if one in found]

    async def _inside(self, container: ContainerRef) -> AsyncIterator[list[ImageSummary]]:
        after = 0
        while True:
            try:
                page = await self._session.images.find(container, after=after, limit=_PAGE)
            except TargetNotFound as error:
                self.missing.append((str(container), error))
                return
            if not page:
                return
            after = page[-1].id
            yield page

    def _new(self, page: list[ImageSummary]) -> list[ImageSummary]:
        new = [one for one in page if one.id not in self._seen]
        self._seen.update(one.id for one in new)
        return new


async def chosen_images(
    session: RepositorySession, request: ExportRequest
) -> list[ImageSummary]:
    """Return the images, each once: named ones first, then those of containers by id.

    Raises ImageNotFound or TargetNotFound for the first that is not there, and Invalid where
    there are none, or too many.
    """
    selection, found = Selection(session, request), []
    async for page in selection.pages():
        found += page
        if selection.missing:
            break
        if selection.count > MOST_IMAGES:
            raise Invalid(TOO_MANY)
    if selection.missing:
        raise selection.missing[0][1]
    if not found:
        raise Invalid(NOTHING)
    return found


def _unknown(image_id: int) -> ImageNotFound:
    return ImageNotFound(
        f"Image {image_id} does not exist any more, or you may not see it. Refresh the view."
    )


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE))
