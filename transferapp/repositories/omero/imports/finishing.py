"""What follows an import, also one that was adopted: links and annotations, each once."""

from __future__ import annotations

from typing import Any

from transferapp.errors import Invalid
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.filesets import FilesetPlan
from transferapp.repositories.omero.catalogue.annotations import add_annotations
from transferapp.repositories.omero.catalogue.containers import linkable
from transferapp.repositories.omero.catalogue.mapping import unloaded
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.reading.image_queries import image_place
from transferapp.repositories.omero.reading.tied import require_tied
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.omero.sessions.pixel_stores import closing


def are_tied(omero_session: OmeroSessionContext, fileset_id: int) -> bool:
    """Say whether the import has come as far as the pixels of all images; blocking.

    Raises Busy when OMERO cannot tell now, as while it makes a pyramid: only its word that an
    import is in progress (LockTimeout) means no.
    """
    pixels = omero_session.rows(
        "select p.id, i.details.group.id, s.id from Pixels p join p.image i"
        " left outer join p.channels c left outer join c.statsInfo s where i.fileset.id = :id",
        id=fileset_id,
    )
    gateway = omero_session.gateway
    # One question for a plate of thousands; what it leaves open is asked one by one.
    gateway.tied.update(pixels_id for pixels_id, _, stats_id in pixels if stats_id is not None)
    with translated():
        try:
            for pixels_id, group_id, _ in pixels:
                require_tied(gateway, pixels_id, group_id)
        except omero.LockTimeout:
            return False
    return True


def check_readable(omero_session: OmeroSessionContext, image_ids: list[int]) -> None:
    """Read one pixel of each image: rows alone do not prove an import that nobody watched.

    Raises Busy while a pyramid is being made, or the import is not that far,
    RepositoryUnavailable.
    """
    for image_id in image_ids:
        place = image_place(omero_session, image_id)
        require_tied(omero_session.gateway, place.pixels_id, place.group_id)
        with closing(omero_session.gateway.pixels_store(place.group_id)) as store:
            store.setPixelsId(place.pixels_id, False)  # noqa: FBT003 - a foreign signature
            store.getTile(0, 0, 0, 0, 0, 1, 1)


def finish(omero_session: OmeroSessionContext, plan: FilesetPlan, image_ids: list[int]) -> None:
    """Link the images (or their plates) to the target, and annotate them."""
    if plan.target is not None:
        _link(omero_session, plan, plan.target, image_ids)
    if plan.annotations:
        given = dict.fromkeys(image_ids, plan.annotations)
        add_annotations(omero_session, plan.group_id, given)


def _link(
    omero_session: OmeroSessionContext,
    plan: FilesetPlan,
    target: ContainerRef,
    image_ids: list[int],
) -> None:
    is_screen = target.kind is ContainerKind.SCREEN
    link, child = ("ScreenPlateLink", "Plate") if is_screen else ("DatasetImageLink", "Image")
    wanted = _plates(omero_session, image_ids) if is_screen else set(image_ids)
    if not wanted:
        raise Invalid(
            f"'{plan.name}' is no plate, and a screen holds only plates. Choose a dataset as"
            " the target, then retry: the images are in OMERO already and are not sent again."
        )
    linked = omero_session.rows(
        f"select l.child.id from {link} l where l.parent.id = :id",  # noqa: S608
        id=target.id,
    )
    missing = wanted - {child_id for (child_id,) in linked}
    if not missing:
        return
    linkable(omero_session, target)
    made = [_new_link(link, (str(target.kind), target.id), (child, one)) for one in missing]
    omero_session.save(made, plan.group_id)


def _plates(omero_session: OmeroSessionContext, image_ids: list[int]) -> set[int]:
    found = omero_session.rows(
        "select distinct s.well.plate.id from WellSample s where s.image.id in (:ids)",
        ids=image_ids,
    )
    return {plate_id for (plate_id,) in found}


def _new_link(link: str, parent: tuple[str, int], child: tuple[str, int]) -> Any:
    made = getattr(omero.model, f"{link}I")()
    made.setParent(unloaded(*parent))
    made.setChild(unloaded(*child))
    return made
