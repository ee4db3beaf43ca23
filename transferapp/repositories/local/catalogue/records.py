"""Rows of the tables as the model's nouns, and back."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import astuple, replace
from typing import Any

import sqlalchemy as sa

from transferapp.model.images import (
    Annotation,
    AnnotationKind,
    Channel,
    ImageSummary,
    Level,
    OriginalFile,
    Pixels,
)
from transferapp.model.plausible import plausible_moment, plausible_um
from transferapp.repositories.local.pixels.levels import LevelSource
from transferapp.repositories.local.readers.port import ImageHeader
from transferapp.repositories.local.storage.schema import experimenters, images, original_files

HASHER = "SHA1-160"

Row = sa.Row[Any]


def image_query(*more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select images with their owners' names."""
    return sa.select(images, experimenters.c.username.label("owner"), *more).join_from(
        images, experimenters
    )


def image_summary(row: Row) -> ImageSummary:
    """Read a row of ``image_query``."""
    return ImageSummary(
        id=row.id,
        name=row.name,
        fileset_id=row.fileset_id,
        owner=row.owner,
        group_id=row.group_id,
        size_x=row.size_x,
        size_y=row.size_y,
        size_z=row.size_z,
        size_c=row.size_c,
        size_t=row.size_t,
        dtype=row.dtype,
        imported_at=row.imported_at,
        acquired_at=plausible_moment(row.acquired_at),
    )


def pixels_to_json(
    source: LevelSource,
    levels: tuple[Level, ...],
    channels: tuple[Channel, ...],
    header: ImageHeader,
) -> dict[str, Any]:
    """Return what the ``pixels`` column holds."""
    return {
        "source": str(source),
        "levels": [[level.size_y, level.size_x] for level in levels],
        "channels": [list(astuple(channel)) for channel in channels],
        "pixel_size_um": list(header.pixel_size_um),
        "time_step_s": header.time_step_s,
    }


def levels_of(row: Row) -> tuple[LevelSource, tuple[Level, ...]]:
    """Read where an image's levels come from, and their sizes."""
    found = row.pixels
    return LevelSource(found["source"]), tuple(Level(*size) for size in found["levels"])


def reader_of(row: Row) -> str:
    """Read which reader opens an image, where another might open it too."""
    return str(row.pixels.get("reader", ""))


def image_pixels(row: Row) -> Pixels:
    """Read an image's pixels; earlier releases stored numbers as files told them."""
    z, y, x = (plausible_um(size_um) for size_um in row.pixels["pixel_size_um"])
    return Pixels(
        image_id=row.id,
        name=row.name,
        size_t=row.size_t,
        size_c=row.size_c,
        size_z=row.size_z,
        dtype=row.dtype,
        levels=levels_of(row)[1],
        channels=tuple(_channel(Channel(*values)) for values in row.pixels["channels"]),
        pixel_size_um=(z, y, x),
        time_step_s=row.pixels.get("time_step_s"),
    )


def _channel(stored: Channel) -> Channel:
    if math.isfinite(stored.window_start) and math.isfinite(stored.window_end):
        return stored
    return replace(stored, window_start=0.0, window_end=1.0)


def original_file(row: Row) -> OriginalFile:
    """Read a row of original_files."""
    return OriginalFile(
        row.id, row.fileset_id, row.client_path, row.size_bytes, HASHER, row.sha1
    )


def files_of(connection: sa.Connection, fileset_ids: list[int]) -> list[OriginalFile]:
    """List the files of filesets, the file to open first."""
    query = (
        sa.select(original_files)
        .where(original_files.c.fileset_id.in_(fileset_ids))
        .order_by(original_files.c.fileset_id, original_files.c.position)
    )
    return [original_file(row) for row in connection.execute(query)]


def annotation_values(image_id: int, annotation: Annotation) -> dict[str, Any]:
    """Return the row of an image's annotation."""
    return {"image_id": image_id, **_noted(annotation)}


def container_annotation_values(container_id: int, annotation: Annotation) -> dict[str, Any]:
    """Return the row of a container's annotation."""
    return {"container_id": container_id, **_noted(annotation)}


def _noted(annotation: Annotation) -> dict[str, Any]:
    """Return what both have; the digest makes the same one the same."""
    pairs = [list(pair) for pair in annotation.pairs]
    parts = [str(annotation.kind), annotation.namespace, annotation.value, pairs]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return {
        "kind": str(annotation.kind),
        "namespace": annotation.namespace,
        "value": annotation.value,
        "pairs": pairs,
        "digest": digest,
    }


def annotation(row: Row) -> Annotation:
    """Read a row of annotations."""
    pairs = tuple((str(key), str(value)) for key, value in row.pairs)
    return Annotation(AnnotationKind(row.kind), row.namespace, row.value, pairs)
