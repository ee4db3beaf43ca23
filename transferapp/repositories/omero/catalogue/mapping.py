"""Turn OMERO's rows and objects into our nouns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.images import (
    Annotation,
    AnnotationKind,
    Channel,
    ImageSummary,
    OriginalFile,
)
from transferapp.model.plausible import plausible_moment, plausible_positive, plausible_um
from transferapp.ome import lengths
from transferapp.ome.durations import seconds
from transferapp.repositories.omero.ice_imports import omero

#: OMERO's pixel types in numpy's words.
DTYPES = {
    "bit": "uint8",
    "int8": "int8",
    "uint8": "uint8",
    "int16": "int16",
    "uint16": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "float": "float32",
    "double": "float64",
    "complex": "complex64",
    "double-complex": "complex128",
}


def unloaded(kind: str, object_id: int) -> Any:
    """Refer to an object that is there already, for links."""
    return getattr(omero.model, f"{kind}I")(object_id, False)  # noqa: FBT003 - foreign


def plain(value: Any) -> Any:
    """Return the Python value in an RType, or None."""
    return None if value is None else value.getValue()


def moment(milliseconds: int | None) -> datetime | None:
    """Return OMERO's time in UTC; None for one that no microscope can have meant."""
    if milliseconds is None:
        return None
    try:
        return plausible_moment(datetime.fromtimestamp(milliseconds / 1000, UTC))
    except (OverflowError, OSError, ValueError):
        return None


def summary(row: list[Any]) -> ImageSummary:
    """Read a row of ``image_queries.SUMMARY``."""
    image_id, name, fileset_id, owner, group_id, *sizes, dtype, made, acquired = row
    size_x, size_y, size_z, size_c, size_t = sizes
    return ImageSummary(
        id=image_id,
        name=name or f"Image {image_id}",
        fileset_id=fileset_id or 0,
        owner=owner,
        group_id=group_id,
        size_x=size_x,
        size_y=size_y,
        size_z=size_z,
        size_c=size_c,
        size_t=size_t,
        dtype=DTYPES.get(dtype, dtype),
        imported_at=moment(made) or datetime.fromtimestamp(0, UTC),
        acquired_at=moment(acquired),
    )


def original_file(row: list[Any]) -> OriginalFile:
    """Read a row of ``filesets.FILES``."""
    file_id, fileset_id, client_path, size, hasher, file_hash = row
    return OriginalFile(
        file_id, fileset_id, client_path, size or 0, hasher or "", (file_hash or "").lower()
    )


def container(
    found: Any, kind: ContainerKind, parent: ContainerRef | None, counts: tuple[int, int]
) -> Container:
    """Read a loaded Project, Dataset, Screen or Plate; counts are of children and images."""
    details = found.getDetails()
    rights = details.getPermissions()
    return Container(
        ref=ContainerRef(kind, plain(found.getId())),
        name=plain(found.getName()) or "",
        owner=plain(details.getOwner().getOmeName()),
        group_id=plain(details.getGroup().getId()),
        description=plain(found.getDescription()) or "",
        parent=parent,
        child_count=counts[0],
        image_count=counts[1],
        can_link=bool(rights.canLink()),
        can_edit=bool(rights.canEdit() and rights.canDelete()),
        can_annotate=bool(rights.canAnnotate()),
    )


def channel(found: Any, number: int, dtype: str) -> Channel:
    """Read a loaded Channel with its logical channel and statistics."""
    logical, statistics = found.getLogicalChannel(), found.getStatsInfo()
    name = plain(logical.getName()) if logical is not None else None
    low, high = window(dtype)
    if statistics is not None:
        low = float(plain(statistics.getGlobalMin()) or 0)
        high = float(plain(statistics.getGlobalMax()) or 0)
    # A plane of one value still needs a window that is not empty.
    made = Channel(name or f"Channel {number}", _color(found), low, max(high, low + 1.0))
    if logical is None:
        return made
    return replace(
        made,
        excitation_nm=nanometres(logical.getExcitationWave()),
        emission_nm=nanometres(logical.getEmissionWave()),
    )


def window(dtype: str) -> tuple[float, float]:
    """Return the display window of a type whose values are not known."""
    bits = {"uint8": 8, "int8": 7, "uint16": 16, "int16": 15}.get(dtype)
    return (0.0, 1.0) if bits is None else (0.0, float(2**bits - 1))


def _color(found: Any) -> str:
    values = (found.getRed(), found.getGreen(), found.getBlue())
    if any(value is None for value in values):
        return "FFFFFF"
    return "".join(f"{plain(value) & 255:02X}" for value in values)


def micrometres(length: Any) -> float | None:
    """Return a physical size in micrometres, None where OMERO has no real unit or size.

    By our own table: omero-py 5.23 takes a thou for a million times its length.
    """
    if length is None or length.getValue() is None:
        return None
    return plausible_um(lengths.micrometres(length.getValue(), length.getSymbol()))


def nanometres(length: Any) -> float | None:
    """Return a wavelength in nanometres, None where OMERO has no real unit or length."""
    found = micrometres(length)
    return None if found is None else round(found * 1000, 6)


def time_step(duration: Any) -> float | None:
    """Return seconds, None where OMERO has no real unit or duration."""
    if duration is None or duration.getValue() is None:
        return None
    return plausible_positive(seconds(duration.getValue(), duration.getSymbol()))


def annotation(found: Any) -> Annotation | None:
    """Read a loaded annotation; None for kinds that we do not show."""
    namespace = plain(found.getNs()) or ""
    if isinstance(found, omero.model.MapAnnotation):
        pairs = tuple((pair.name, pair.value) for pair in found.getMapValue() or [])
        return Annotation(AnnotationKind.KEY_VALUE, namespace, pairs=pairs)
    kinds = (
        (omero.model.TagAnnotation, AnnotationKind.TAG),
        (omero.model.CommentAnnotation, AnnotationKind.COMMENT),
    )
    for cls, kind in kinds:
        if isinstance(found, cls):
            return Annotation(kind, namespace, plain(found.getTextValue()) or "")
    return None


def omero_annotation(note: Annotation) -> Any:
    """Make the OMERO object for an annotation."""
    if note.kind is AnnotationKind.KEY_VALUE:
        made = omero.model.MapAnnotationI()
        made.setMapValue([omero.model.NamedValue(name, value) for name, value in note.pairs])
    else:
        is_tag = note.kind is AnnotationKind.TAG
        made = omero.model.TagAnnotationI() if is_tag else omero.model.CommentAnnotationI()
        made.setTextValue(omero.rtypes.rstring(note.value))
    if note.namespace:
        made.setNs(omero.rtypes.rstring(note.namespace))
    return made
