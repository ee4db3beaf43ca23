"""Images, tiles, thumbnails, annotations and original files in OMERO."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from transferapp.errors import Invalid, PermissionDenied, StateConflict
from transferapp.model.containers import ContainerRef
from transferapp.model.duplicates import Duplicate
from transferapp.model.filesets import PlannedFile
from transferapp.model.images import (
    Annotation,
    ImageDetails,
    ImageFilter,
    ImageSummary,
    OriginalFile,
    OriginalPath,
    OriginalsSize,
    TileRegion,
)
from transferapp.model.rois import Roi
from transferapp.repositories.omero.catalogue.annotations import add_annotations, make_tags
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.duplicates import find_duplicates
from transferapp.repositories.omero.catalogue.filesets import images_of
from transferapp.repositories.omero.reading import image_queries
from transferapp.repositories.omero.reading.files import read_file
from transferapp.repositories.omero.reading.originals_paths import originals_paths
from transferapp.repositories.omero.reading.originals_sizes import originals_sizes
from transferapp.repositories.omero.reading.pixels import read_thumbnail, read_tile
from transferapp.repositories.omero.reading.rois import list_rois
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import Images

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MOST_LISTED = 1000
_MOST_EDGE_PX = 2048
#: Of one page: masks come with their bits.
_MOST_ROIS = 500


class OmeroImages(Images):
    """Images as OMERO shows them to one experimenter."""

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """See what this person may see."""
        self._omero_session = omero_session

    @override
    async def find(
        self,
        container: ContainerRef | None = None,
        *,
        text: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> list[ImageSummary]:
        """List images in id order, at most 1000; of a project those of its datasets."""
        return await self.find_by(ImageFilter(container, text=text), after=after, limit=limit)

    @override
    async def find_by(
        self, wanted: ImageFilter, *, after: int = 0, limit: int = 100
    ) -> list[ImageSummary]:
        """List images in id order, at most 1000, also of a well or with a tag."""
        most = max(1, min(limit, _MOST_LISTED))
        return await self._omero_session.run(
            image_queries.list_images, self._omero_session, wanted, after, most
        )

    @override
    async def summaries(self, image_ids: Sequence[int]) -> list[ImageSummary]:
        """Return the summaries of those that this person sees, in id order."""
        return await self._omero_session.run(
            image_queries.image_summaries, self._omero_session, image_ids
        )

    @override
    async def get(self, image_id: int) -> ImageDetails:
        """Return all of one image; raises ImageNotFound."""
        return await self._omero_session.run(
            image_queries.image_details, self._omero_session, image_id
        )

    @override
    async def rois(self, image_id: int, *, after: int = 0, limit: int = 100) -> list[Roi]:
        """List an image's ROIs in id order, at most 500; raises ImageNotFound."""
        return await self._omero_session.run(self._rois, image_id, after, limit)

    @override
    async def thumbnail(self, image_id: int, edge_px: int) -> bytes:
        """Return a JPEG whose longer edge is ``edge_px`` (1 to 2048); raises Invalid beyond
        that.
        """
        if not 1 <= edge_px <= _MOST_EDGE_PX:
            raise Invalid(f"A thumbnail has an edge of 1 to {_MOST_EDGE_PX} pixels.")
        return await self._omero_session.run(self._thumbnail, image_id, edge_px)

    @override
    async def tile(self, image_id: int, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return pixels (height, width); raises Invalid for a plane that is not there."""
        return await self._omero_session.run(self._tile, image_id, region)

    @override
    async def files(self, image_ids: Sequence[int]) -> list[OriginalFile]:
        """List the files of these images' filesets; raises ImageNotFound."""
        return await self._omero_session.run(
            image_queries.image_files, self._omero_session, image_ids
        )

    @override
    async def sizes(self, image_ids: Sequence[int]) -> list[OriginalsSize]:
        """Say how large the originals are, and whether OMERO's policy gives them out."""
        return await self._omero_session.run(originals_sizes, self._omero_session, image_ids)

    @override
    async def paths(self, image_ids: Sequence[int]) -> list[OriginalPath]:
        """Say where the originals lie in the managed repository, if that is mounted here."""
        return await self._omero_session.run(originals_paths, self._omero_session, image_ids)

    @override
    async def duplicates(self, files: Sequence[PlannedFile]) -> list[Duplicate]:
        """Say which of these files OMERO already holds; compares SHA-1 checksums only."""
        return await self._omero_session.run(find_duplicates, self._omero_session, files)

    @override
    async def read(
        self, file_id: int, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield pieces of 1 MiB; a whole file is checked against OMERO's checksum."""
        pieces = read_file(self._omero_session, file_id, offset, length)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    @override
    async def annotate(self, annotations: Mapping[int, Sequence[Annotation]]) -> None:
        """Add annotations; the same one twice is added once. Raises ImageNotFound,
        PermissionDenied.
        """
        await self._omero_session.run(self._annotate, annotations)

    @override
    async def make_tags(self, group_id: int, tags: Sequence[Annotation]) -> None:
        """Make a person's own tags, where she has none of these names; raises
        PermissionDenied.
        """
        await self._omero_session.run(make_tags, self._omero_session, group_id, tags)

    @override
    async def delete(self, image_ids: Sequence[int]) -> None:
        """Delete images with their filesets, which OMERO deletes only as a whole.

        Raises PermissionDenied, StateConflict when a fileset has other images too.
        """
        await self._omero_session.run(self._delete, image_ids)

    def _thumbnail(self, image_id: int, edge_px: int) -> bytes:
        place = image_queries.image_place(self._omero_session, image_id)
        return read_thumbnail(self._omero_session.gateway, place, edge_px)

    def _rois(self, image_id: int, after: int, limit: int) -> list[Roi]:
        image_queries.image_objects(self._omero_session, [image_id])
        most = max(1, min(limit, _MOST_ROIS))
        return list_rois(self._omero_session, image_id, after, most)

    def _tile(self, image_id: int, region: TileRegion) -> npt.NDArray[np.generic]:
        place = image_queries.image_place(self._omero_session, image_id)
        return read_tile(self._omero_session.gateway, place, region)

    def _annotate(self, annotations: Mapping[int, Sequence[Annotation]]) -> None:
        images = image_queries.image_objects(self._omero_session, [*annotations])
        if not all(one.getDetails().getPermissions().canAnnotate() for one in images):
            raise PermissionDenied("You may not annotate this image. Ask its owner.")
        for group_id in sorted({_group_id(one) for one in images}):
            inside = {
                one.getId().getValue(): annotations[one.getId().getValue()]
                for one in images
                if _group_id(one) == group_id
            }
            add_annotations(self._omero_session, group_id, inside)

    def _delete(self, image_ids: Sequence[int]) -> None:
        images = image_queries.image_objects(self._omero_session, image_ids)
        if not all(one.getDetails().getPermissions().canDelete() for one in images):
            raise PermissionDenied("You may not delete these images. Ask their owner.")
        chosen = {one.getId().getValue() for one in images}
        for group_id in sorted({_group_id(one) for one in images}):
            inside = [one for one in images if _group_id(one) == group_id]
            targets = self._targets(inside, chosen)
            delete(self._omero_session.gateway, group_id, targets, keep=[])

    def _targets(self, images: list[Any], chosen: set[int]) -> dict[str, list[int]]:
        filesets = {one.getFileset().getId().getValue() for one in images if one.getFileset()}
        for fileset_id in filesets:
            if set(images_of(self._omero_session, fileset_id)) - chosen:
                raise StateConflict(
                    "Other images were made from the same files. OMERO deletes them only"
                    " together: select all of them."
                )
        lone = [one.getId().getValue() for one in images if not one.getFileset()]
        targets = {"Fileset": sorted(filesets), "Image": sorted(lone)}
        return {cls: ids for cls, ids in targets.items() if ids}


def _group_id(found: Any) -> int:
    return int(found.getDetails().getGroup().getId().getValue())
