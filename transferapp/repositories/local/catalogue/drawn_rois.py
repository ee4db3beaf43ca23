"""ROIs that were drawn on images, beside those that their files hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from transferapp.model.rois import Roi
from transferapp.repositories.local.storage.schema import drawn_rois

#: Their ids begin here: those in files are numbered from 1, for each image anew.
_FIRST_ID = 1 << 32
#: So many shapes of one ROI have ids of their own.
_MOST_SHAPES = 1 << 16


class _StoredRoi(BaseModel):
    """The JSON of a ROI: bits of masks are base64."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    roi: Roi


def rois_drawn(connection: sa.Connection, image_id: int) -> list[Roi]:
    """List what was drawn on an image, in id order."""
    query = sa.select(drawn_rois).where(drawn_rois.c.image_id == image_id)
    return [
        _roi(row.id, row.roi) for row in connection.execute(query.order_by(drawn_rois.c.id))
    ]


def draw(connection: sa.Connection, image_id: int, rois: Sequence[Roi]) -> None:
    """Draw these on an image."""
    rows = [
        {
            "image_id": image_id,
            "roi": _StoredRoi(roi=roi).model_dump_json(exclude_defaults=True),
        }
        for roi in rois
    ]
    if rows:
        connection.execute(drawn_rois.insert(), rows)


def _roi(row_id: int, stored: str) -> Roi:
    roi = _StoredRoi.model_validate_json(stored).roi
    number = _FIRST_ID + row_id
    shapes = (
        replace(shape, id=number * _MOST_SHAPES + place)
        for place, shape in enumerate(roi.shapes)
    )
    return replace(roi, id=number, shapes=tuple(shapes))
