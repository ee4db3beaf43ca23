"""Make images of a fileset's files: read, check, derive, then one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from transferapp.bioformats.port import BioFormats
from transferapp.errors import DamagedFile, Invalid, NotFound, UnsupportedFile
from transferapp.formats.side_files import OPTIONS_ENDING
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.model.pixel_types import shown_as
from transferapp.repositories.local.catalogue.records import annotation_values, pixels_to_json
from transferapp.repositories.local.imports.headers import plausible_header
from transferapp.repositories.local.imports.names import image_names
from transferapp.repositories.local.pixels.levels import LevelSource, Plane, plan_levels
from transferapp.repositories.local.pixels.planes import RecentPlanes
from transferapp.repositories.local.pixels.pyramids import write_pyramid
from transferapp.repositories.local.pixels.regions import ImagePlace, LevelledImage
from transferapp.repositories.local.pixels.rendering import measure_channels
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.port import (
    ImageHeader,
    OpenFileset,
    ReadImage,
    WellPosition,
)
from transferapp.repositories.local.reading.thumbnails import make_thumbnail, write_whole
from transferapp.repositories.local.storage.derived_paths import DerivedPaths
from transferapp.repositories.local.storage.schema import (
    containers,
    filesets,
    image_annotations,
    image_links,
    images,
    wells,
)
from transferapp.repositories.local.store import LocalRepositoryStore

STEPS = 5
Listener = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image that is ready to be written: its row, and its place on a plate."""

    values: dict[str, Any]
    well: WellPosition | None


@dataclass(frozen=True, slots=True)
class NewImages:
    """All images of a fileset, and the names of the plates that they are on."""

    images: tuple[NewImage, ...]
    plates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """One fileset to be read. ``first`` is the file to open, below ``root``."""

    fileset_id: int
    first: Path
    root: Path
    derived: DerivedPaths
    alive: Listener
    bio_formats: BioFormats | None = None


def read_images(work: Work, plan: FilesetPlan) -> NewImages:
    """Read everything and write derived data; repeating it is harmless.

    Raises UnsupportedFile, DamagedFile, EmptyFile, MissingCompanion; Invalid when the
    target cannot hold such images.
    """
    work.alive(0, "reading metadata")
    opened = open_fileset(work.first, work.root, work.bio_formats)
    try:
        _check_whole(opened, plan, has_bio_formats=work.bio_formats is not None)
        _check_target(opened, plan)
        made = []
        for series, image in enumerate(opened.images):
            made.append(_read_image(work, series, image, opened.reader))
        names = image_names(plan.name, [image.header.name for image in opened.images])
    finally:
        opened.close()
    named = (
        NewImage({**image.values, "name": name}, image.well)
        for image, name in zip(made, names, strict=True)
    )
    return NewImages(tuple(named), tuple(opened.plates))


def write_images(
    connection: sa.Connection,
    local_store: LocalRepositoryStore,
    fileset: Fileset,
    plan: FilesetPlan,
    new: NewImages,
) -> tuple[int, ...]:
    """Write images, links and annotations; returns the image ids. Adopts what is there. Raises
    NotFound when the fileset was discarded meanwhile.
    """
    found = connection.execute(
        sa.select(filesets.c.owner_id, filesets.c.group_id).where(filesets.c.id == fileset.id)
    ).one_or_none()
    if found is None:
        raise NotFound("The import was discarded meanwhile. Start it again.")
    there = image_ids_of(connection, fileset.id)
    if there:
        return there
    owner = _Owner(*found)
    common = {
        "fileset_id": fileset.id,
        "owner_id": owner.owner_id,
        "group_id": owner.group_id,
        "imported_at": local_store.clock.now(),
    }
    made = [_insert(connection, images, {**common, **image.values}) for image in new.images]
    if plan.target is not None:
        _link(connection, plan.target, new, made, owner)
    notes = [annotation_values(i, note) for i in made for note in plan.annotations]
    if notes:
        connection.execute(insert_sqlite(image_annotations).on_conflict_do_nothing(), notes)
    return tuple(made)


def image_ids_of(connection: sa.Connection, fileset_id: int) -> tuple[int, ...]:
    """Return the ids of a fileset's images, in the file's order."""
    query = sa.select(images.c.id).where(images.c.fileset_id == fileset_id)
    return tuple(connection.scalars(query.order_by(images.c.series)))


@dataclass(frozen=True, slots=True)
class _Owner:
    owner_id: int
    group_id: int


def _check_whole(opened: OpenFileset, plan: FilesetPlan, *, has_bio_formats: bool) -> None:
    """Raise for a set of which only the first file would be read: DamagedFile where
    Bio-Formats was asked, else UnsupportedFile.
    """
    rest = (file.client_path for file in plan.files[1:])
    others = sum(not path.endswith(OPTIONS_ENDING) for path in rest)
    if opened.is_one_file and others:
        if has_bio_formats:
            raise DamagedFile(
                f"Bio-Formats could not read '{plan.name}' as a set of {others + 1} files: the"
                " file that names the others may be damaged. Copy the whole folder again, then"
                " import that; or export the images as OME-TIFF."
            )
        raise UnsupportedFile(
            f"'{plan.name}' is a set of {others + 1} files that only Bio-Formats reads as one,"
            " and this server does not have it. Ask your administrator to install it"
            " (docs/formats.md), then retry; or export the images as OME-TIFF."
        )


def _check_target(opened: OpenFileset, plan: FilesetPlan) -> None:
    into_screen = plan.target is not None and plan.target.kind is ContainerKind.SCREEN
    if into_screen and not opened.plates:
        raise Invalid(
            f"'{plan.name}' is no plate, and a screen holds only plates. Choose a dataset as"
            " the target, then retry."
        )


def _read_image(work: Work, series: int, image: ReadImage, reader: str) -> NewImage:
    label = image.header.name or f"image {series + 1}"
    work.alive(1, f"checking the pixels of {label}")
    # Readers of vendors' files give whatever type they find.
    shown_as(image.header.dtype)
    image.check()
    header = plausible_header(image.header)
    source, levels = plan_levels(header)
    if source is LevelSource.STORED:
        path = work.derived.pyramid(work.fileset_id, series)
        write_pyramid(
            image, levels, path, lambda: work.alive(2, f"making the pyramid of {label}")
        )
    place = ImagePlace(work.fileset_id, series, work.first, work.root, source, levels)
    levelled = LevelledImage(image, place, work.derived, RecentPlanes())

    def read(region: Any) -> Plane:
        return levelled.read(region)

    work.alive(3, f"making the thumbnail of {label}")
    channels = measure_channels(header, levels, read)
    for edge, content in make_thumbnail(levels, channels, header.size_z, read).items():
        write_whole(work.derived.thumbnail(work.fileset_id, series, edge), content)
    pixels = pixels_to_json(source, levels, channels, header)
    if reader:
        pixels["reader"] = reader
    return NewImage(_values(series, header, pixels), header.well)


def _values(series: int, header: ImageHeader, pixels: dict[str, Any]) -> dict[str, Any]:
    full = header.levels[0]
    return {
        "series": series,
        "size_x": full.size_x,
        "size_y": full.size_y,
        "size_z": header.size_z,
        "size_c": header.size_c,
        "size_t": header.size_t,
        "dtype": header.dtype,
        "acquired_at": header.acquired_at,
        "description": header.description,
        "pixels": pixels,
    }


def _link(
    connection: sa.Connection,
    target: ContainerRef,
    new: NewImages,
    image_ids: Sequence[int],
    owner: _Owner,
) -> None:
    if target.kind is not ContainerKind.SCREEN:
        links = [{"container_id": target.id, "image_id": image_id} for image_id in image_ids]
        connection.execute(image_links.insert(), links)
        return
    plates = [
        _insert(connection, containers, _plate(target, name, owner)) for name in new.plates
    ]
    made: dict[tuple[int, int, int], int] = {}
    for image_id, image in zip(image_ids, new.images, strict=True):
        # An image that no well names still belongs to what was imported with it.
        well = image.well
        plate_id = plates[well.plate if well else 0]
        values = {"container_id": plate_id, "image_id": image_id}
        if well is not None:
            at = plate_id, well.row, well.column
            if at not in made:
                row = dict(zip(("plate_id", "row", "column"), at, strict=True))
                made[at] = _insert(connection, wells, row)
            values |= {"well_id": made[at], "field": well.field}
        connection.execute(image_links.insert().values(**values))


def _plate(target: ContainerRef, name: str, owner: _Owner) -> dict[str, Any]:
    return {
        "kind": str(ContainerKind.PLATE),
        "name": name,
        "description": "",
        "parent_id": target.id,
        "owner_id": owner.owner_id,
        "group_id": owner.group_id,
    }


def _insert(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> int:
    key = connection.execute(table.insert().values(**values)).inserted_primary_key
    return int(key[0])  # type: ignore[index]
