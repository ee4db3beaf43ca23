"""What archives state of containers and images of the embedded repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from typing_extensions import override

from transferapp.host.database import reading
from transferapp.model.containers import PARENT_KIND, ContainerKind, ContainerRef
from transferapp.model.descriptions import ContainerDescription, ImageDescription
from transferapp.model.images import Annotation
from transferapp.repositories.descriptions_port import Descriptions
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.catalogue.records import (
    annotation,
    image_pixels,
    image_query,
    image_summary,
)
from transferapp.repositories.local.storage.schema import (
    container_annotations,
    containers,
    drawn_rois,
    experimenters,
    image_annotations,
    images,
    original_files,
)
from transferapp.repositories.local.store import LocalRepositoryStore, in_thread

_ABOVE = containers.alias("above")


class LocalDescriptions(Descriptions):
    """Containers and images as one experimenter sees them."""

    def __init__(self, local_store: LocalRepositoryStore, caller: Caller) -> None:
        """See what ``caller`` may see."""
        self._engine, self._caller = local_store.engine, caller

    @override
    async def owned(self) -> list[ContainerRef]:
        """List the caller's containers."""
        return await in_thread(self._owned)

    @override
    async def containers(self, refs: Sequence[ContainerRef]) -> list[ContainerDescription]:
        """Describe containers that the caller sees."""
        return await in_thread(self._containers, refs)

    @override
    async def images(self, image_ids: Sequence[int]) -> list[ImageDescription]:
        """Describe images that the caller sees, in id order."""
        return await in_thread(self._images, image_ids)

    def _owned(self) -> list[ContainerRef]:
        query = sa.select(containers.c.kind, containers.c.id).where(
            containers.c.owner_id == self._caller.experimenter_id,
            self._caller.sees(containers),
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query)
            return [ContainerRef(ContainerKind(row.kind), row.id) for row in rows]

    def _containers(self, refs: Sequence[ContainerRef]) -> list[ContainerDescription]:
        seen_above = sa.and_(_ABOVE.c.id == containers.c.parent_id, self._caller.sees(_ABOVE))
        query = (
            sa.select(
                containers,
                experimenters.c.username.label("owner"),
                _ABOVE.c.id.label("above_id"),
            )
            .join_from(containers, experimenters, experimenters.c.id == containers.c.owner_id)
            .outerjoin(_ABOVE, seen_above)
            .where(containers.c.id.in_({ref.id for ref in refs}), self._caller.sees(containers))
        )
        wanted = set(refs)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            notes = _notes(
                connection, container_annotations.c.container_id, {row.id for row in rows}
            )
        found = [_container(row, notes[row.id]) for row in rows]
        return [one for one in found if one.ref in wanted]

    def _images(self, image_ids: Sequence[int]) -> list[ImageDescription]:
        wanted = set(image_ids)
        with_files = sa.exists().where(original_files.c.fileset_id == images.c.fileset_id)
        drawn_on = sa.exists().where(drawn_rois.c.image_id == images.c.id)
        query = image_query(sa.or_(with_files, drawn_on).label("may_have_rois")).where(
            images.c.id.in_(wanted), self._caller.sees(images)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(images.c.id)).all()
            notes = _notes(connection, image_annotations.c.image_id, wanted)
        return [_image(row, notes[row.id]) for row in rows]


def _notes(
    connection: sa.Connection, noted: sa.Column[Any], ids: set[int]
) -> Mapping[int, tuple[Annotation, ...]]:
    """Return the annotations, by what they are on."""
    table = noted.table
    found: dict[int, tuple[Annotation, ...]] = defaultdict(tuple)
    query = sa.select(table).where(noted.in_(ids)).order_by(table.c.id)
    for note in connection.execute(query):
        found[note._mapping[noted.name]] += (annotation(note),)  # noqa: SLF001 - public there
    return found


def _container(row: sa.Row[Any], notes: tuple[Annotation, ...]) -> ContainerDescription:
    kind = ContainerKind(row.kind)
    parents = () if row.above_id is None else (ContainerRef(PARENT_KIND[kind], row.above_id),)
    return ContainerDescription(
        ref=ContainerRef(kind, row.id),
        name=row.name,
        owner=row.owner,
        group_id=row.group_id,
        description=row.description,
        parents=parents,
        annotations=notes,
    )


def _image(row: sa.Row[Any], notes: tuple[Annotation, ...]) -> ImageDescription:
    pixels = image_pixels(row)
    return ImageDescription(
        summary=image_summary(row),
        channels=pixels.channels,
        description=row.description,
        series=row.series,
        pixel_size_um=pixels.pixel_size_um,
        annotations=notes,
        # Some lie in its files.
        may_have_rois=row.may_have_rois,
    )
