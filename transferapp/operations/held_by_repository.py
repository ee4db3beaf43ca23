"""What the repository has of the files of a receipt's items, by its own records."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from transferapp.errors import ImageNotFound, NoSuchFile
from transferapp.model.images import OriginalFile
from transferapp.model.transfers import ItemRole
from transferapp.receipts.document import Receipt, ReceiptFile, ReceiptItem
from transferapp.repositories.port import RepositorySession

#: Images, and files, that are asked for at once.
_IMAGES = 500
_FILES = 5_000
_SHA1 = "SHA1-160"


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """A file as the repository has written it down; ``sha1`` is empty where it hashes
    otherwise.
    """

    id: int
    size_bytes: int
    sha1: str


class RepositoryFiles:
    """What the repository has of some items, by its ids, and by client paths where a receipt
    knows no ids.
    """

    def __init__(self, found: Iterable[RepositoryFile], by_path: dict[str, int]) -> None:
        """Take what was found."""
        self._found = {one.id: one for one in found}
        self._by_path = by_path

    def of(self, file: ReceiptFile) -> RepositoryFile | None:
        """Return what it has of a file of a receipt; None for nothing."""
        number = file.repository_id
        if number is None:
            number = self._by_path.get(file.path, -1)
        return self._found.get(number)


def is_attached(item: ReceiptItem) -> bool:
    """Say whether an item's files are attachments."""
    return item.role == ItemRole.ATTACHMENTS


def in_batches(receipt: Receipt) -> Iterator[list[ReceiptItem]]:
    """Yield the items in their order, as many together as are asked for at once."""
    batch: list[ReceiptItem] = []
    files = 0
    for item in receipt.items:
        alone = is_attached(item) or any(file.repository_id is None for file in item.files)
        full = len(batch) >= _IMAGES or files + len(item.files) > _FILES
        if batch and (alone or full):
            yield batch
            batch, files = [], 0
        if alone:
            yield [item]
        else:
            batch.append(item)
            files += len(item.files)
    if batch:
        yield batch


async def held(session: RepositorySession, items: Sequence[ReceiptItem]) -> RepositoryFiles:
    """Ask for one of these batches; what is not there, or not to be seen, is left out."""
    if any(map(is_attached, items)):
        found = [one for item in items async for one in _attached(session, item)]
        return RepositoryFiles(found, {})
    firsts = [item.image_ids[0] for item in items if item.image_ids]
    there = {image.id for image in await session.images.summaries(firsts)}
    originals: list[OriginalFile] = []
    with suppress(ImageNotFound):  # Deleted just now: each is asked for by itself.
        if there:
            originals = await session.images.files(sorted(there))
    filesets = {one.fileset_id for one in originals}
    for item in items:
        # Images of a fileset may be deleted while others of it, and its files, stay.
        if item.fileset_id is None or item.fileset_id not in filesets:
            originals += await _of_any_image(session, item)
    return RepositoryFiles(
        (
            RepositoryFile(one.id, one.size_bytes, one.hash if one.hasher == _SHA1 else "")
            for one in originals
        ),
        {one.client_path: one.id for one in originals},
    )


async def _of_any_image(session: RepositorySession, item: ReceiptItem) -> list[OriginalFile]:
    for start in range(0, len(item.image_ids), _IMAGES):
        asked = item.image_ids[start : start + _IMAGES]
        there = [image.id for image in await session.images.summaries(asked)]
        with suppress(ImageNotFound):
            if there:
                return await session.images.files(there)
    return []


async def _attached(
    session: RepositorySession, item: ReceiptItem
) -> AsyncGenerator[RepositoryFile, None]:
    for file in item.files:
        with suppress(NoSuchFile):
            if file.repository_id is not None:
                one = await session.attachments.get(file.repository_id)
                yield RepositoryFile(one.id, one.size_bytes, one.sha1)
