"""Take away what a failed import made: images of our fileset that nobody ever verified.

OMERO makes the images, in their dataset, before it ties pixels to them. An import that fails
later leaves them, and nobody can ever look at them. That it failed is known only while its
handle answers, so the fileset is marked at once: from then on it is not adopted any more,
whatever becomes of this process, and a retry begins anew beside it.
"""

from __future__ import annotations

import structlog

from transferapp.errors import TransferAppError
from transferapp.model.filesets import Fileset
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.filesets import (
    failed_filesets_of,
    images_of,
    mark_failed,
)
from transferapp.repositories.omero.imports.in_place import tidy_up
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

_log = structlog.get_logger(__name__)
#: So many images are named to a person; the fileset leads to all of them.
_NAMED_IMAGES = 20


def remove_failed(omero_session: OmeroSessionContext, fileset: Fileset) -> str:
    """Delete a fileset whose import is over and failed, with its images; blocking.

    Returns what a person is told to delete where OMERO does not let us, else nothing.
    Raises what passes by itself; the mark is there then, unless OMERO was away already.
    """
    groups = omero_session.rows(
        "select f.details.group.id from Fileset f where f.id = :id", id=fileset.id
    )
    if not groups:
        return ""
    [[group_id]] = groups
    try:
        if all(one.id != fileset.id for one in failed_filesets_of(omero_session, fileset.key)):
            mark_failed(omero_session, fileset, group_id)
        image_ids = images_of(omero_session, fileset.id)
        tidy_up(omero_session, fileset.id)
        targets = {"Fileset": [fileset.id]}
        if plates := _own_plates(omero_session, image_ids):
            targets["Plate"] = plates
        delete(omero_session.gateway, group_id, targets, keep=[])
    except TransferAppError as error:
        if error.retryable:
            raise
        return _left(omero_session, fileset, error)
    return ""


def remove_older(omero_session: OmeroSessionContext, key: str) -> list[str]:
    """Try once more to delete what earlier attempts had to leave; blocking.

    Returns what is still to be deleted by a person; raises what passes by itself.
    """
    older = failed_filesets_of(omero_session, key)
    return [left for one in older if (left := remove_failed(omero_session, one))]


def _own_plates(omero_session: OmeroSessionContext, image_ids: list[int]) -> list[int]:
    """Return the plates that hold these images and no others."""
    if not image_ids:
        return []
    found = omero_session.rows(
        "select distinct s.well.plate.id from WellSample s where s.image.id in (:ids)",
        ids=image_ids,
    )
    return [
        plate_id for (plate_id,) in found if _holds_only(omero_session, plate_id, image_ids)
    ]


def _holds_only(
    omero_session: OmeroSessionContext, plate_id: int, image_ids: list[int]
) -> bool:
    held = omero_session.rows(
        "select s.image.id from WellSample s where s.well.plate.id = :id", id=plate_id
    )
    return {image_id for (image_id,) in held} <= set(image_ids)


def _left(omero_session: OmeroSessionContext, fileset: Fileset, error: TransferAppError) -> str:
    image_ids = images_of(omero_session, fileset.id)
    _log.warning(
        "a failed import is left in omero",
        fileset=fileset.id,
        error=error.message,
    )
    named = [f"Image:{one}" for one in image_ids[:_NAMED_IMAGES]]
    if len(image_ids) > _NAMED_IMAGES:
        named.append(f"{len(image_ids) - _NAMED_IMAGES} images more")
    images = f" with {', '.join(named)}{_where(omero_session, image_ids)}" if named else ""
    return (
        f"What it made in OMERO is of no use, and TransferApp may not delete it"
        f" ({error.title}): Fileset:{fileset.id}{images}. Delete that in OMERO, or ask its"
        " administrator to. Retry begins anew, with or without it."
    )


def _where(omero_session: OmeroSessionContext, image_ids: list[int]) -> str:
    found = omero_session.rows(
        "select distinct l.parent.id, l.parent.name from DatasetImageLink l"
        " where l.child.id in (:ids)",
        ids=image_ids,
    )
    names = ", ".join(f"'{name}' (Dataset:{dataset_id})" for dataset_id, name in found)
    return f" in {names}" if names else ""
