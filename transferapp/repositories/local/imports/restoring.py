"""What an archive says, written on containers and images of the embedded repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from typing_extensions import override

from transferapp.errors import Invalid
from transferapp.host.database import reading, writing
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.images import Annotation
from transferapp.model.restoring import ContainerPlan, ImageTexts
from transferapp.model.rois import Roi, lacking
from transferapp.repositories.local.accounts.permissions import Caller, demand
from transferapp.repositories.local.catalogue.container_rows import (
    container,
    container_query,
    find_container,
)
from transferapp.repositories.local.catalogue.containers import check_name, insert_container
from transferapp.repositories.local.catalogue.drawn_rois import draw
from transferapp.repositories.local.catalogue.image_rows import visible_images
from transferapp.repositories.local.catalogue.records import (
    annotation,
    container_annotation_values,
)
from transferapp.repositories.local.reading.rois import rois_of
from transferapp.repositories.local.storage.schema import (
    container_annotations,
    containers,
    image_links,
    images,
)
from transferapp.repositories.local.store import LocalRepositoryStore, in_thread
from transferapp.repositories.restoring.port import Restoring


class LocalRestoring(Restoring):
    """Writes as one experimenter; each call is one transaction."""

    def __init__(self, local_store: LocalRepositoryStore, caller: Caller) -> None:
        """Write what ``caller`` may write."""
        self._local_store, self._engine, self._caller = local_store, local_store.engine, caller

    @override
    async def make_container(self, plan: ContainerPlan) -> Container:
        """Make it, or return the one of this key; two at once make one."""
        return await in_thread(self._make_container, plan)

    @override
    async def describe_container(self, ref: ContainerRef, name: str, description: str) -> None:
        """Give a container this name and description."""
        await in_thread(self._describe_container, ref, name, description)

    @override
    async def annotate_container(
        self, ref: ContainerRef, annotations: Sequence[Annotation]
    ) -> None:
        """Add annotations; the same one twice is added once."""
        await in_thread(self._annotate_container, ref, annotations)

    @override
    async def container_annotations(self, ref: ContainerRef) -> list[Annotation]:
        """List the annotations of a container."""
        return await in_thread(self._container_annotations, ref)

    @override
    async def describe_images(self, texts: Mapping[int, ImageTexts]) -> None:
        """Give images names, descriptions, and names of channels."""
        await in_thread(self._describe_images, texts)

    @override
    async def add_rois(self, image_id: int, rois: Sequence[Roi]) -> int:
        """Draw what the image, or its file, does not have yet."""
        return await in_thread(self._add_rois, image_id, rois)

    @override
    async def link_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        """Put images into a dataset."""
        await in_thread(self._link_images, dataset, image_ids)

    @override
    async def unlink_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        """Take images out of a dataset."""
        await in_thread(self._unlink_images, dataset, image_ids)

    def _make_container(self, plan: ContainerPlan) -> Container:
        mine = containers.c.owner_id == self._caller.experimenter_id
        query = container_query(self._caller).where(mine, containers.c.key == plan.key)
        with writing(self._engine) as connection:
            there = connection.execute(query).one_or_none()
            if there is not None:
                return container(there, self._caller)
            return insert_container(connection, self._caller, plan)

    def _describe_container(self, ref: ContainerRef, name: str, description: str) -> None:
        check_name(name)
        with writing(self._engine) as connection:
            found = container(find_container(connection, self._caller, ref), self._caller)
            demand(found.can_edit, f"rename '{found.name}'")
            texts = {"name": name.strip(), "description": description}
            connection.execute(
                containers.update().where(containers.c.id == ref.id).values(**texts)
            )

    def _annotate_container(self, ref: ContainerRef, annotations: Sequence[Annotation]) -> None:
        with writing(self._engine) as connection:
            found = container(find_container(connection, self._caller, ref), self._caller)
            demand(found.can_annotate, f"annotate '{found.name}'")
            values = [container_annotation_values(ref.id, note) for note in annotations]
            if values:
                insertion = insert_sqlite(container_annotations).on_conflict_do_nothing()
                connection.execute(insertion, values)

    def _container_annotations(self, ref: ContainerRef) -> list[Annotation]:
        query = sa.select(container_annotations).where(
            container_annotations.c.container_id == ref.id
        )
        with reading(self._engine) as connection:
            find_container(connection, self._caller, ref)
            rows = connection.execute(query.order_by(container_annotations.c.id))
            return [annotation(row) for row in rows]

    def _describe_images(self, texts: Mapping[int, ImageTexts]) -> None:
        with writing(self._engine) as connection:
            for row in visible_images(connection, self._caller, [*texts]):
                rights = self._caller.rights(row.owner_id, row.group_id)
                demand(rights.can_edit, f"rename the image '{row.name}'")
                given = texts[row.id]
                check_name(given.name)
                values = {
                    "name": given.name,
                    "description": given.description,
                    "pixels": _with_channels(row.pixels, given.channels),
                }
                connection.execute(images.update().where(images.c.id == row.id).values(values))

    def _add_rois(self, image_id: int, rois: Sequence[Roi]) -> int:
        with writing(self._engine) as connection:
            [row] = visible_images(connection, self._caller, [image_id])
            rights = self._caller.rights(row.owner_id, row.group_id)
            demand(rights.can_annotate, f"draw on the image '{row.name}'")
            there = rois_of(self._local_store, connection, self._caller, image_id)
            missing = lacking(rois, there)
            draw(connection, image_id, missing)
            return len(missing)

    def _link_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        with writing(self._engine) as connection:
            self._check_dataset(connection, dataset)
            visible_images(connection, self._caller, image_ids)
            links = [{"container_id": dataset.id, "image_id": one} for one in image_ids]
            if links:
                connection.execute(insert_sqlite(image_links).on_conflict_do_nothing(), links)

    def _unlink_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        with writing(self._engine) as connection:
            self._check_dataset(connection, dataset)
            connection.execute(
                image_links.delete().where(
                    image_links.c.container_id == dataset.id,
                    image_links.c.image_id.in_(image_ids),
                )
            )

    def _check_dataset(self, connection: sa.Connection, ref: ContainerRef) -> None:
        found = container(find_container(connection, self._caller, ref), self._caller)
        if ref.kind is not ContainerKind.DATASET:
            raise Invalid(f"'{found.name}' is no dataset. Images are put into datasets.")
        demand(found.can_link, f"put anything into '{found.name}', or take it out")


def _with_channels(pixels: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    channels = pixels["channels"]
    if len(names) != len(channels):
        return pixels
    renamed = [[name, *rest] for name, (_, *rest) in zip(names, channels, strict=True)]
    return {**pixels, "channels": renamed}
