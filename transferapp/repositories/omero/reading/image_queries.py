"""Ask OMERO for images: lists, one image's details, and who may do what with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transferapp.errors import ImageNotFound, TargetNotFound, TransferAppError
from transferapp.model.containers import ContainerKind
from transferapp.model.images import (
    Channel,
    ImageDetails,
    ImageFilter,
    ImageSummary,
    Level,
    OriginalFile,
    Pixels,
)
from transferapp.repositories.omero.catalogue.annotations import annotations_of
from transferapp.repositories.omero.catalogue.containers import find_container
from transferapp.repositories.omero.catalogue.filesets import FILES
from transferapp.repositories.omero.catalogue.mapping import (
    channel,
    micrometres,
    original_file,
    summary,
    time_step,
    window,
)
from transferapp.repositories.omero.reading.pixels import OmeroImagePlace, read_levels
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

SUMMARY = (
    "select i.id, i.name, i.fileset.id, i.details.owner.omeName, i.details.group.id,"
    " p.sizeX, p.sizeY, p.sizeZ, p.sizeC, p.sizeT, p.pixelsType.value,"
    " i.details.creationEvent.time, i.acquisitionDate from Image i join i.pixels p"
)
_INSIDE = {
    ContainerKind.DATASET: "select l.child.id from DatasetImageLink l"
    " where l.parent.id = :container",
    ContainerKind.PROJECT: "select l.child.id from DatasetImageLink l, ProjectDatasetLink p"
    " where p.child.id = l.parent.id and p.parent.id = :container",
    ContainerKind.PLATE: "select s.image.id from WellSample s"
    " where s.well.plate.id = :container",
    ContainerKind.SCREEN: "select s.image.id from WellSample s, ScreenPlateLink k"
    " where k.child.id = s.well.plate.id and k.parent.id = :container",
}
_IN_WELL = "select s.image.id from WellSample s where s.well.id = :well"
_TAGGED = (
    "select l.parent.id from ImageAnnotationLink l, TagAnnotation t"
    " where t.id = l.child.id and t.textValue = :tag"
)
_DEFAULT_TILE = 512
#: Images of one question: a plate has thousands, and they come with their permissions.
_AT_ONCE = 1000


def list_images(
    omero_session: OmeroSessionContext, wanted: ImageFilter, after: int, limit: int
) -> list[ImageSummary]:
    """List images with a greater id in id order; raises TargetNotFound."""
    conditions = ["i.id > :after"]
    values: dict[str, int | str | list[int]] = {"after": after, "limit": limit}
    if wanted.container is not None:
        find_container(omero_session, wanted.container)
        conditions.append(f"i.id in ({_INSIDE[wanted.container.kind]})")
        values["container"] = wanted.container.id
    if wanted.well is not None:
        _require_well(omero_session, wanted.well)
        conditions.append(f"i.id in ({_IN_WELL})")
        values["well"] = wanted.well
    if wanted.tag:
        conditions.append(f"i.id in ({_TAGGED})")
        values["tag"] = wanted.tag
    if wanted.owner:
        conditions.append("i.details.owner.omeName = :owner")
        values["owner"] = wanted.owner
    if wanted.text:
        conditions.append("lower(i.name) like :text")
        values["text"] = f"%{_literal(wanted.text.lower())}%"
    hql = f"{SUMMARY} where {' and '.join(conditions)} order by i.id"
    return [summary(row) for row in omero_session.rows(hql, **values)]


def _require_well(omero_session: OmeroSessionContext, well: int) -> None:
    if not omero_session.rows("select w.id from Well w where w.id = :id", id=well):
        raise TargetNotFound(
            f"The well (Well:{well}) does not exist any more, or you may not see it."
        )


def image_summaries(
    omero_session: OmeroSessionContext, image_ids: Sequence[int]
) -> list[ImageSummary]:
    """Return the summaries of those that this person sees, in id order."""
    if not image_ids:
        return []
    hql = f"{SUMMARY} where i.id in (:ids) order by i.id"
    return [summary(row) for row in omero_session.rows(hql, ids=sorted(set(image_ids)))]


def image_summary(omero_session: OmeroSessionContext, image_id: int) -> ImageSummary:
    """Return one image's summary; raises ImageNotFound."""
    found = omero_session.rows(f"{SUMMARY} where i.id = :id", id=image_id)
    if not found:
        raise _unknown(image_id)
    return summary(found[0])


def image_place(omero_session: OmeroSessionContext, image_id: int) -> OmeroImagePlace:
    """Return where an image's pixels are; raises ImageNotFound."""
    found = omero_session.rows(
        "select p.id, i.details.group.id, p.pixelsType.value, p.sizeT, p.sizeC, p.sizeZ,"
        " p.sizeY, p.sizeX from Image i join i.pixels p where i.id = :id",
        id=image_id,
    )
    if not found:
        raise _unknown(image_id)
    pixels_id, group_id, dtype, *shape = found[0]
    size_t, size_c, size_z, size_y, size_x = shape
    return OmeroImagePlace(
        image_id, pixels_id, group_id, dtype, (size_t, size_c, size_z, size_y, size_x)
    )


def image_objects(omero_session: OmeroSessionContext, image_ids: Sequence[int]) -> list[Any]:
    """Return images with their permissions; raises ImageNotFound when one is missing."""
    wanted = sorted(set(image_ids))
    hql = "select i from Image i where i.id in (:ids)"
    found = [
        image
        for at in range(0, len(wanted), _AT_ONCE)
        for image in omero_session.entities(hql, ids=wanted[at : at + _AT_ONCE])
    ]
    missing = set(wanted) - {one.getId().getValue() for one in found}
    if missing:
        raise _unknown(min(missing))
    return found


def image_files(
    omero_session: OmeroSessionContext, image_ids: Sequence[int]
) -> list[OriginalFile]:
    """List the files of these images' filesets, each once; raises ImageNotFound."""
    image_objects(omero_session, image_ids)
    filesets = "select i.fileset.id from Image i where i.id in (:ids)"
    hql = f"{FILES} where e.fileset.id in ({filesets}) order by e.id"
    return [original_file(row) for row in omero_session.rows(hql, ids=sorted(set(image_ids)))]


def image_details(omero_session: OmeroSessionContext, image_id: int) -> ImageDetails:
    """Return all of one image; raises ImageNotFound."""
    shown = image_summary(omero_session, image_id)
    place = image_place(omero_session, image_id)
    return ImageDetails(
        summary=shown,
        pixels=_pixels(omero_session, shown, place),
        files=tuple(image_files(omero_session, [image_id])),
        annotations=tuple(annotations_of(omero_session, image_id)),
        container_names=_container_names(omero_session, image_id),
        description=_description(omero_session, image_id),
    )


def _description(omero_session: OmeroSessionContext, image_id: int) -> str:
    hql = "select i.description from Image i where i.id = :id"
    return "".join(text or "" for (text,) in omero_session.rows(hql, id=image_id))


def _pixels(
    omero_session: OmeroSessionContext, shown: ImageSummary, place: OmeroImagePlace
) -> Pixels:
    [found] = omero_session.entities(
        "select p from Pixels p left outer join fetch p.channels c"
        " left outer join fetch c.logicalChannel left outer join fetch c.statsInfo"
        " where p.id = :id",
        id=place.pixels_id,
    )
    levels, tile = _levels(omero_session, place)
    channels = [
        channel(one, number, shown.dtype) for number, one in enumerate(found.copyChannels())
    ]
    return Pixels(
        image_id=shown.id,
        name=shown.name,
        size_t=shown.size_t,
        size_c=shown.size_c,
        size_z=shown.size_z,
        dtype=shown.dtype,
        levels=levels,
        channels=tuple(channels) or _unknown_channels(shown),
        tile_size=tile,
        pixel_size_um=(
            micrometres(found.getPhysicalSizeZ()),
            micrometres(found.getPhysicalSizeY()),
            micrometres(found.getPhysicalSizeX()),
        ),
        time_step_s=time_step(found.getTimeIncrement()),
    )


def _levels(
    omero_session: OmeroSessionContext, place: OmeroImagePlace
) -> tuple[tuple[Level, ...], int]:
    try:
        return read_levels(omero_session.gateway, place.pixels_id, place.group_id)
    except TransferAppError:
        # The pyramid is still being made: the details are worth showing without it.
        return (Level(place.shape[3], place.shape[4]),), _DEFAULT_TILE


def _unknown_channels(shown: ImageSummary) -> tuple[Channel, ...]:
    low, high = window(shown.dtype)
    return tuple(
        Channel(f"Channel {number}", "FFFFFF", low, high) for number in range(shown.size_c)
    )


def _container_names(omero_session: OmeroSessionContext, image_id: int) -> tuple[str, ...]:
    datasets = omero_session.rows(
        "select l.parent.id, l.parent.name from DatasetImageLink l where l.child.id = :id"
        " order by l.parent.id",
        id=image_id,
    )
    plates = omero_session.rows(
        "select s.well.plate.id, s.well.plate.name from WellSample s where s.image.id = :id"
        " order by s.well.plate.id",
        id=image_id,
    )
    return tuple(dict.fromkeys(name for _, name in [*datasets, *plates]))


def _literal(text: str) -> str:
    """Escape the wildcards of ``like``; PostgreSQL's escape is the backslash."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return text


def _unknown(image_id: int) -> ImageNotFound:
    return ImageNotFound(
        f"Image {image_id} does not exist any more, or you may not see it. Check its number."
    )
