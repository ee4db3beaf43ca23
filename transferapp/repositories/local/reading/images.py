"""Images, tiles, thumbnails, annotations and original files of the embedded repository."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from typing_extensions import override

from transferapp.errors import Invalid
from transferapp.host.database import reading, writing
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
from transferapp.repositories.files_there import lies_at
from transferapp.repositories.local.accounts.permissions import Caller, demand
from transferapp.repositories.local.catalogue import image_rows
from transferapp.repositories.local.catalogue.drawn_rois import rois_drawn
from transferapp.repositories.local.catalogue.duplicates import find_duplicates
from transferapp.repositories.local.catalogue.records import (
    annotation_values,
    files_of,
)
from transferapp.repositories.local.pixels.regions import ImagePlace
from transferapp.repositories.local.reading.contents import opened, pieces
from transferapp.repositories.local.reading.rois import file_rois, place_of
from transferapp.repositories.local.reading.thumbnails import stored_thumbnail
from transferapp.repositories.local.storage.garbage import list_contents, list_fileset
from transferapp.repositories.local.storage.schema import attachments, image_annotations, images
from transferapp.repositories.local.store import LocalRepositoryStore, in_thread
from transferapp.repositories.port import Images

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MOST_LISTED = 1000
_MOST_EDGE_PX = 2048
#: Of one page.
_MOST_ROIS = 500


class LocalImages(Images):
    """Images as one experimenter sees them."""

    def __init__(self, local_store: LocalRepositoryStore, caller: Caller) -> None:
        """See what ``caller`` may see."""
        self._local_store, self._caller = local_store, caller
        #: Those of the image that was asked for last.
        self._rois: tuple[int, list[Roi]] | None = None

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

        def find() -> list[ImageSummary]:
            page = after, max(1, min(limit, _MOST_LISTED))
            with reading(self._local_store.engine) as connection:
                return image_rows.list_images(connection, self._caller, wanted, page)

        return await in_thread(find)

    @override
    async def summaries(self, image_ids: Sequence[int]) -> list[ImageSummary]:
        """Return the summaries of those that the caller sees, in id order."""

        def summaries() -> list[ImageSummary]:
            with reading(self._local_store.engine) as connection:
                return image_rows.image_summaries(connection, self._caller, image_ids)

        return await in_thread(summaries)

    @override
    async def get(self, image_id: int) -> ImageDetails:
        """Return all of one image; raises ImageNotFound."""

        def get() -> ImageDetails:
            with reading(self._local_store.engine) as connection:
                return image_rows.image_details(connection, self._caller, image_id)

        return await in_thread(get)

    @override
    async def rois(self, image_id: int, *, after: int = 0, limit: int = 100) -> list[Roi]:
        """List those in the OME-XML of its first file, numbered from 1, then those drawn on it
        since; raises ImageNotFound.
        """
        found = await in_thread(self._all_rois, image_id)
        most = max(1, min(limit, _MOST_ROIS))
        return [roi for roi in found if roi.id > after][:most]

    @override
    async def thumbnail(self, image_id: int, edge_px: int) -> bytes:
        """Return a JPEG whose longer edge is ``edge_px`` (1 to 2048); raises Invalid beyond
        that.
        """
        if not 1 <= edge_px <= _MOST_EDGE_PX:
            raise Invalid(f"A thumbnail has an edge of 1 to {_MOST_EDGE_PX} pixels.")
        return await in_thread(self._thumbnail, image_id, edge_px)

    @override
    async def tile(self, image_id: int, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return pixels (height, width); raises Invalid for a plane that is not there."""
        return await in_thread(self._tile, image_id, region)

    @override
    async def files(self, image_ids: Sequence[int]) -> list[OriginalFile]:
        """List the files of these images' filesets; raises ImageNotFound."""

        def files() -> list[OriginalFile]:
            with reading(self._local_store.engine) as connection:
                rows = image_rows.visible_images(connection, self._caller, image_ids)
                return files_of(connection, sorted({row.fileset_id for row in rows}))

        return await in_thread(files)

    @override
    async def sizes(self, image_ids: Sequence[int]) -> list[OriginalsSize]:
        """Say how large the originals are; whoever sees an image may read them."""

        def sizes() -> list[OriginalsSize]:
            with reading(self._local_store.engine) as connection:
                return image_rows.originals_sizes(connection, self._caller, image_ids)

        return await in_thread(sizes)

    @override
    async def paths(self, image_ids: Sequence[int]) -> list[OriginalPath]:
        """Say where the originals lie under their own names."""
        return await in_thread(self._paths, image_ids)

    @override
    async def duplicates(self, files: Sequence[PlannedFile]) -> list[Duplicate]:
        """Say which of these files are already here, as far as the caller may see."""

        def duplicates() -> list[Duplicate]:
            with reading(self._local_store.engine) as connection:
                return find_duplicates(connection, self._caller, files)

        return await in_thread(duplicates)

    @override
    async def read(
        self, file_id: int, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield pieces of 1 MiB. Once begun it ends well, even when the file is deleted."""
        async with aclosing(pieces(partial(self._open, file_id), offset, length)) as content:
            async for piece in content:
                yield piece

    @override
    async def annotate(self, annotations: Mapping[int, Sequence[Annotation]]) -> None:
        """Add annotations in one transaction; the same one twice is added once.

        Raises ImageNotFound, PermissionDenied.
        """
        await in_thread(self._annotate, annotations)

    @override
    async def make_tags(self, group_id: int, tags: Sequence[Annotation]) -> None:
        """Make nothing: each image holds its own annotations here."""

    @override
    async def delete(self, image_ids: Sequence[int]) -> None:
        """Delete images, or none when one may not be; raises PermissionDenied."""
        await in_thread(self._delete, image_ids)

    def _paths(self, image_ids: Sequence[int]) -> list[OriginalPath]:
        with reading(self._local_store.engine) as connection:
            sizes = image_rows.originals_sizes(connection, self._caller, image_ids)
            files = files_of(connection, sorted({size.fileset_id for size in sizes}))
        named = self._local_store.originals.named
        found = [(file, named(file.fileset_id, file.client_path)) for file in files]
        return [
            OriginalPath(file.id, file.fileset_id, str(path))
            for file, path in found
            if lies_at(path, file.size_bytes)
        ]

    def _place(self, row: sa.Row[Any]) -> ImagePlace:
        return place_of(self._local_store, row)

    def _row(self, image_id: int) -> sa.Row[Any]:
        with reading(self._local_store.engine) as connection:
            return image_rows.find_image(connection, self._caller, image_id)

    def _all_rois(self, image_id: int) -> list[Roi]:
        """Read them; raises ImageNotFound, NoSuchFile where the file is gone from the disk."""
        row = self._row(image_id)
        # Whoever asks for one page asks for the next.
        if self._rois is None or self._rois[0] != image_id:
            self._rois = image_id, file_rois(self._local_store, row)
        with reading(self._local_store.engine) as connection:
            return [*self._rois[1], *rois_drawn(connection, image_id)]

    def _thumbnail(self, image_id: int, edge_px: int) -> bytes:
        row = self._row(image_id)
        return stored_thumbnail(self._local_store, row, self._place(row), edge_px)

    def _tile(self, image_id: int, region: TileRegion) -> npt.NDArray[np.generic]:
        row = self._row(image_id)
        place = self._place(row)
        inside = (
            0 <= region.level < len(place.levels)
            and 0 <= region.t < row.size_t
            and 0 <= region.c < row.size_c
            and 0 <= region.z < row.size_z
            and min(region.y, region.x, region.height, region.width) >= 0
        )
        if not inside:
            raise Invalid("There is no such level or plane in this image.")
        return self._local_store.pixels.read(place, region)

    def _open(self, file_id: int) -> tuple[BinaryIO, int]:
        with reading(self._local_store.engine) as connection:
            row = image_rows.find_file(connection, self._caller, file_id)
        return opened(self._local_store.originals.content(row.sha1), row.size_bytes)

    def _annotate(self, annotations: Mapping[int, Sequence[Annotation]]) -> None:
        with writing(self._local_store.engine) as connection:
            for row in image_rows.visible_images(connection, self._caller, [*annotations]):
                rights = self._caller.rights(row.owner_id, row.group_id)
                demand(rights.can_annotate, f"annotate the image '{row.name}'")
            values = [
                annotation_values(image_id, note)
                for image_id, notes in annotations.items()
                for note in notes
            ]
            if values:
                connection.execute(
                    insert_sqlite(image_annotations).on_conflict_do_nothing(), values
                )

    def _delete(self, image_ids: Sequence[int]) -> None:
        with writing(self._local_store.engine) as connection:
            rows = image_rows.visible_images(connection, self._caller, image_ids)
            for row in rows:
                rights = self._caller.rights(row.owner_id, row.group_id)
                demand(rights.can_edit, f"delete the image '{row.name}'")
            gone_ids = [row.id for row in rows]
            mine = sa.select(attachments.c.sha1).where(attachments.c.image_id.in_(gone_ids))
            list_contents(connection, connection.scalars(mine.distinct()).all())
            connection.execute(images.delete().where(images.c.id.in_(gone_ids)))
            touched = {row.fileset_id for row in rows}
            kept = connection.scalars(
                sa.select(images.c.fileset_id).where(images.c.fileset_id.in_(touched))
            )
            gone = touched - set(kept)
            for fileset_id in gone:
                list_fileset(connection, fileset_id)
        for fileset_id in gone:
            self._local_store.pixels.forget(fileset_id)
        self._local_store.collect_garbage()
