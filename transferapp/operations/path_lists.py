"""Say where the original files of images lie for a site that mounts the repository's storage.

Asked as the person, who must be able to see the images and to read their files. No byte moves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from transferapp.errors import Invalid, TargetNotFound
from transferapp.model.images import ImageSummary, OriginalFile, OriginalPath, OriginalsSize
from transferapp.operations.export_selection import chosen_images
from transferapp.operations.places import OffersPlaces
from transferapp.operations.prepare_export import sha1_of
from transferapp.places.settings import OfferedPlaces
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.path_lists import PathRow
from transferapp.repositories.port import OriginalFiles, Repository

#: Filesets, and images, of one question.
_PAGE = 500

NOT_SEEN = "The server does not see this file on a disk: export it instead."
NOT_MOUNTED = "This file lies where your facility says no mount of: export it instead."
KEPT_BACK = "The repository's policy on downloads keeps this file back."
_NOT_OFFERED = (
    "This server does not offer 'paths:': its facility has not said where people mount the"
    " storage of the repository. Export to a folder or a place instead."
)


@dataclass(frozen=True, slots=True)
class ChosenFilesets:
    """What a person asked for and may see: images by their filesets."""

    username: str
    images: Mapping[int, Sequence[int]]
    offered: OfferedPlaces


class PathLists:
    """Lists of paths; changes nothing."""

    def __init__(self, repository: Repository, offered: OffersPlaces) -> None:
        """List files of ``repository`` as the facility says that they are mounted."""
        self._repository, self._offered = repository, offered

    async def chosen(self, username: str, request: ExportRequest) -> ChosenFilesets:
        """Find the images; raises TargetNotFound where the facility offers no paths, Invalid
        for anything but original files, and what an export would be refused for.
        """
        offered = await self._offered()
        if not offered.mounted:
            raise TargetNotFound(_NOT_OFFERED)
        if request.spec().form.converts or request.to:
            raise Invalid("Only original files have paths. Leave out the form and the place.")
        async with self._repository.session(username) as session:
            images = await chosen_images(session, request)
        return ChosenFilesets(username, _by_fileset(images), offered)

    async def rows(self, chosen: ChosenFilesets) -> AsyncGenerator[PathRow, None]:
        """Yield a row for each file of what was chosen, fileset by fileset."""
        for page in _pages(chosen.images):
            async with self._repository.session(chosen.username) as session:
                found = await _read(session.images, page)
            mounted = await asyncio.to_thread(_mounted, found.paths, chosen.offered)
            for file in found.files:
                yield _row(file, page[file.fileset_id], mounted, found.kept_back)


@dataclass(frozen=True, slots=True)
class _Page:
    files: Sequence[OriginalFile]
    paths: Sequence[OriginalPath]
    #: Filesets.
    kept_back: frozenset[int]


async def _read(images: OriginalFiles, page: Mapping[int, Sequence[int]]) -> _Page:
    # The images of a fileset share their files: one of them is enough to ask by.
    first = [ids[0] for ids in page.values()]
    sizes: list[OriginalsSize] = []
    every = iter([one for ids in page.values() for one in ids])
    while ids := list(islice(every, _PAGE)):
        sizes += await images.sizes(ids)
    return _Page(
        await images.files(first),
        await images.paths(first),
        frozenset(one.fileset_id for one in sizes if not one.may_read),
    )


def _mounted(paths: Sequence[OriginalPath], offered: OfferedPlaces) -> dict[int, str]:
    """Return where files lie for the site, by their ids; empty: elsewhere. Blocking."""
    found = {}
    for one in paths:
        path = Path(one.path)
        # A link leads to another disk, which the site mounts or not.
        found[one.file_id] = offered.mounted_path(path.resolve() if path.is_symlink() else path)
    return found


def _row(
    file: OriginalFile,
    image_ids: Sequence[int],
    mounted: Mapping[int, str],
    kept_back: frozenset[int],
) -> PathRow:
    path, reason = mounted.get(file.id, ""), ""
    if file.fileset_id in kept_back:
        path, reason = "", KEPT_BACK
    elif not path:
        reason = NOT_MOUNTED if file.id in mounted else NOT_SEEN
    return PathRow(
        path=path,
        reason=reason,
        size_bytes=file.size_bytes,
        sha1=sha1_of(file),
        client_path=file.client_path,
        image_ids=list(image_ids),
    )


def _by_fileset(images: Sequence[ImageSummary]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for image in sorted(images, key=lambda one: (one.fileset_id, one.id)):
        if image.fileset_id:
            found.setdefault(image.fileset_id, []).append(image.id)
    return found


def _pages(images: Mapping[int, Sequence[int]]) -> Iterator[dict[int, Sequence[int]]]:
    rest = iter(images.items())
    while page := dict(islice(rest, _PAGE)):
        yield page
