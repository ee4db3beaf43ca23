"""Which images an export is of: named ones, and all of containers, wells, tags, a search."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from transferapp.errors import ImageNotFound, Invalid, TargetNotFound
from transferapp.model.containers import ContainerRef
from transferapp.model.images import ImageFilter, ImageSummary
from transferapp.protocol.export_requests import MAX_IMAGES, ExportRequest
from transferapp.repositories.port import RepositorySession

#: Images that are read at once.
_PAGE = 1000

NOTHING = "There are no images in what you chose, so there is nothing to export."
TOO_MANY = (
    f"What you chose holds more than {MAX_IMAGES:,} images. Export in parts, for instance by"
    " dataset."
)


class ExportSelection:
    """What a request chooses, read page by page: named images first, then all others."""

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
        """Yield the images, each once, at most 1000 together; of what holds many by id."""
        for ids in _batches(list(dict.fromkeys(self._request.image_ids))):
            yield self._new(await self._named(ids))
        for stated, wanted in self._filters():
            async for page in self._inside(stated, wanted):
                yield self._new(page)

    async def _named(self, ids: list[int]) -> list[ImageSummary]:
        found = {one.id: one for one in await self._session.images.summaries(ids)}
        self.missing += [(f"Image:{one}", _unknown(one)) for one in ids if one not in found]
        return [found[one] for one in ids if one in found]

    def _filters(self) -> Iterator[tuple[str, ImageFilter]]:
        asked = self._request
        for text in asked.containers:
            yield text, ImageFilter(ContainerRef.parse(text), text=asked.text)
        for well in asked.wells:
            yield f"Well:{well}", ImageFilter(well=well, text=asked.text)
        for tag in asked.tags:
            yield f"Tag:{tag}", ImageFilter(tag=tag, text=asked.text)
        if asked.owner:
            person = self._session.identity.experimenter.username
            yield "", ImageFilter(owner=person)
        if asked.text and not (asked.containers or asked.wells or asked.tags):
            yield "", ImageFilter(text=asked.text)

    async def _inside(
        self, stated: str, wanted: ImageFilter
    ) -> AsyncIterator[list[ImageSummary]]:
        images, after = self._session.images, 0
        while True:
            try:
                page = await images.find_by(wanted, after=after, limit=_PAGE)
            except TargetNotFound as error:
                self.missing.append((stated, error))
                return
            if not page:
                break
            after = page[-1].id
            yield page
        if wanted.tag and not (after or wanted.text):
            self.missing.append((stated, _unknown_tag(wanted.tag)))

    def _new(self, page: list[ImageSummary]) -> list[ImageSummary]:
        new = [one for one in page if one.id not in self._seen]
        self._seen.update(one.id for one in new)
        return new


async def chosen_images(
    session: RepositorySession, request: ExportRequest
) -> list[ImageSummary]:
    """Return the images, each once: named ones first, then those of containers by id.

    Raises ImageNotFound or TargetNotFound for the first that is not there, unless that is to
    be skipped, and Invalid where there are none, or too many.
    """
    selection, found = ExportSelection(session, request), []
    async for page in selection.pages():
        found += page
        if selection.missing and not request.skip_missing:
            break
        if selection.count > MAX_IMAGES:
            raise Invalid(TOO_MANY)
    if selection.missing and not request.skip_missing:
        raise selection.missing[0][1]
    if not (found or request.owner):
        raise Invalid(NOTHING)
    return found


async def size_of_originals(session: RepositorySession, images: Sequence[ImageSummary]) -> int:
    """Return the bytes of the images' original files, those of each fileset once."""
    filesets: dict[int, int] = {}
    for ids in _batches([image.id for image in images]):
        for size in await session.images.sizes(ids):
            filesets[size.fileset_id] = size.size_bytes
    return sum(filesets.values())


def _unknown(image_id: int) -> ImageNotFound:
    return ImageNotFound(
        f"Image {image_id} does not exist any more, or you may not see it. Check its number."
    )


def _unknown_tag(tag: str) -> TargetNotFound:
    return TargetNotFound(
        f"No image that you may see has the tag '{tag}'. Write it as the repository shows it."
    )


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE))
