"""Where many images lie at once: datasets with their projects, plates with their screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from transferapp.model.containers import PARENT_KIND, ContainerKind, ContainerRef
from transferapp.model.export_places import ImageLocation, NamedContainer, WellField
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.storage.schema import (
    containers,
    image_links,
    images,
    wells,
)

_ABOVE = containers.alias("above")


def image_locations(
    connection: sa.Connection, caller: Caller, image_ids: Sequence[int]
) -> list[ImageLocation]:
    """List the places of these images, as far as the caller sees them."""
    seen_above = sa.and_(_ABOVE.c.id == containers.c.parent_id, caller.sees(_ABOVE))
    query = (
        sa.select(
            image_links.c.image_id,
            image_links.c.field,
            containers.c.kind,
            containers.c.id.label("container_id"),
            containers.c.name,
            _ABOVE.c.id.label("above_id"),
            _ABOVE.c.name.label("above_name"),
            wells.c.row,
            wells.c.column,
        )
        .join_from(image_links, images, images.c.id == image_links.c.image_id)
        .join(containers, containers.c.id == image_links.c.container_id)
        .outerjoin(_ABOVE, seen_above)
        .outerjoin(wells, wells.c.id == image_links.c.well_id)
        .where(
            image_links.c.image_id.in_(set(image_ids)),
            caller.sees(images),
            caller.sees(containers),
        )
        .order_by(image_links.c.id)
    )
    rows: sa.CursorResult[Any] = connection.execute(query)
    return [_location(row) for row in rows]


def _location(row: sa.Row[Any]) -> ImageLocation:
    kind = ContainerKind(row.kind)
    inner = NamedContainer(ContainerRef(kind, row.container_id), row.name)
    well = None if row.row is None else WellField(row.row, row.column, row.field or 0)
    if row.above_id is None:
        return ImageLocation(row.image_id, (inner,), well)
    above = NamedContainer(ContainerRef(PARENT_KIND[kind], row.above_id), row.above_name)
    return ImageLocation(row.image_id, (above, inner), well)
