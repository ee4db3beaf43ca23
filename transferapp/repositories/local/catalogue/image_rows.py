"""Find images and original files in the tables, as far as the caller may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from transferapp.errors import ImageNotFound, NoSuchFile, TargetNotFound
from transferapp.model.containers import ContainerRef
from transferapp.model.images import (
    AnnotationKind,
    ImageDetails,
    ImageFilter,
    ImageSummary,
    OriginalsSize,
)
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.catalogue.container_rows import require_container
from transferapp.repositories.local.catalogue.records import (
    annotation,
    files_of,
    image_pixels,
    image_query,
    image_summary,
)
from transferapp.repositories.local.storage.schema import (
    containers,
    experimenters,
    filesets,
    image_annotations,
    image_links,
    images,
    original_files,
    wells,
)

Row = sa.Row[Any]


def find_image(connection: sa.Connection, caller: Caller, image_id: int) -> Row:
    """Return a row of ``image_query`` with the path of the file to open as ``first_path``.

    Raises ImageNotFound.
    """
    first = (
        sa.select(original_files.c.client_path)
        .where(original_files.c.fileset_id == images.c.fileset_id)
        .order_by(original_files.c.position)
        .limit(1)
        .scalar_subquery()
    )
    query = image_query(first.label("first_path")).where(images.c.id == image_id)
    row = connection.execute(query.where(caller.sees(images))).one_or_none()
    if row is None:
        raise ImageNotFound
    return row


def list_images(
    connection: sa.Connection, caller: Caller, wanted: ImageFilter, page: tuple[int, int]
) -> list[ImageSummary]:
    """List images in id order; ``page`` is (after id, most)."""
    after, limit = page
    query = image_query().where(caller.sees(images), images.c.id > after)
    links = sa.select(image_links.c.image_id).where(image_links.c.image_id > after)
    if wanted.container is not None:
        require_container(connection, caller, wanted.container)
        query = query.where(images.c.id.in_(links.where(_inside(wanted.container))))
    if wanted.well is not None:
        _require_well(connection, caller, wanted.well)
        query = query.where(images.c.id.in_(links.where(image_links.c.well_id == wanted.well)))
    if wanted.tag:
        tagged = sa.select(image_annotations.c.image_id).where(
            image_annotations.c.kind == str(AnnotationKind.TAG),
            image_annotations.c.value == wanted.tag,
        )
        query = query.where(images.c.id.in_(tagged))
    if wanted.owner:
        query = query.where(experimenters.c.username == wanted.owner)
    if wanted.text:
        query = query.where(images.c.name.icontains(wanted.text, autoescape=True))
    rows = connection.execute(query.order_by(images.c.id).limit(limit))
    return [image_summary(row) for row in rows]


def _inside(container: ContainerRef) -> sa.ColumnElement[bool]:
    """Say of a link whether its image is in a container, or in one of its children."""
    children = sa.select(containers.c.id).where(containers.c.parent_id == container.id)
    return sa.or_(
        image_links.c.container_id == container.id, image_links.c.container_id.in_(children)
    )


def _require_well(connection: sa.Connection, caller: Caller, well: int) -> None:
    query = (
        sa.select(wells.c.id)
        .join_from(wells, containers, containers.c.id == wells.c.plate_id)
        .where(wells.c.id == well, caller.sees(containers))
    )
    if connection.execute(query).one_or_none() is None:
        raise TargetNotFound(
            f"The well (Well:{well}) does not exist any more, or you may not see it."
        )


def image_summaries(
    connection: sa.Connection, caller: Caller, image_ids: Sequence[int]
) -> list[ImageSummary]:
    """Return the summaries of those that the caller sees, in id order."""
    query = image_query().where(images.c.id.in_(set(image_ids)), caller.sees(images))
    return [image_summary(row) for row in connection.execute(query.order_by(images.c.id))]


def originals_sizes(
    connection: sa.Connection, caller: Caller, image_ids: Sequence[int]
) -> list[OriginalsSize]:
    """Say how large the original files are of those that the caller sees, in id order."""
    query = (
        sa.select(
            images.c.id,
            images.c.fileset_id,
            sa.func.count(original_files.c.id).label("file_count"),
            sa.func.coalesce(sa.func.sum(original_files.c.size_bytes), 0).label("size_bytes"),
        )
        .join_from(
            images,
            original_files,
            original_files.c.fileset_id == images.c.fileset_id,
            isouter=True,
        )
        .where(images.c.id.in_(set(image_ids)), caller.sees(images))
        .group_by(images.c.id)
        .order_by(images.c.id)
    )
    return [
        OriginalsSize(row.id, row.fileset_id, row.file_count, row.size_bytes)
        for row in connection.execute(query)
    ]


def image_details(connection: sa.Connection, caller: Caller, image_id: int) -> ImageDetails:
    """Return all of an image; raises ImageNotFound."""
    row = find_image(connection, caller, image_id)
    noted = connection.execute(
        sa.select(image_annotations)
        .where(image_annotations.c.image_id == image_id)
        .order_by(image_annotations.c.id)
    )
    names = connection.scalars(
        sa.select(containers.c.name)
        .join_from(containers, image_links, image_links.c.container_id == containers.c.id)
        .where(image_links.c.image_id == image_id, caller.sees(containers))
        .order_by(containers.c.name)
    )
    return ImageDetails(
        summary=image_summary(row),
        pixels=image_pixels(row),
        files=tuple(files_of(connection, [row.fileset_id])),
        annotations=tuple(annotation(note) for note in noted),
        container_names=tuple(names),
        description=row.description,
    )


def visible_images(
    connection: sa.Connection, caller: Caller, image_ids: Sequence[int]
) -> list[Row]:
    """Return rows of ``image_query``; raises ImageNotFound when one is not there."""
    wanted = set(image_ids)
    query = image_query().where(images.c.id.in_(wanted), caller.sees(images))
    rows = list(connection.execute(query))
    missing = wanted - {row.id for row in rows}
    if missing:
        raise ImageNotFound(
            f"Image {min(missing)} does not exist any more, or you may not see it. Check its"
            " number."
        )
    return rows


def find_file(connection: sa.Connection, caller: Caller, file_id: int) -> Row:
    """Return a row of original_files; raises NoSuchFile."""
    query = (
        sa.select(original_files)
        .join_from(original_files, filesets)
        .where(original_files.c.id == file_id, caller.sees(filesets))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NoSuchFile
    return row
