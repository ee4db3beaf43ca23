"""Tags, comments and key-value pairs on OMERO images, each added once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transferapp.model.images import Annotation, AnnotationKind
from transferapp.repositories.omero.catalogue.mapping import (
    annotation,
    omero_annotation,
    plain,
    unloaded,
)
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import OmeroSessionContext


def annotations_of(omero_session: OmeroSessionContext, image_id: int) -> list[Annotation]:
    """List the annotations that we can show, in the order they were made; blocking."""
    links = omero_session.entities(
        "select l from ImageAnnotationLink l join fetch l.child where l.parent.id = :id"
        " order by l.child.id",
        id=image_id,
    )
    found = (annotation(link.getChild()) for link in links)
    return list(dict.fromkeys(note for note in found if note is not None))


def add_annotations(
    omero_session: OmeroSessionContext,
    image_id: int,
    group_id: int,
    notes: Sequence[Annotation],
) -> None:
    """Add what the image does not have yet, in one transaction; blocking."""
    known = set(annotations_of(omero_session, image_id))
    links = []
    for note in dict.fromkeys(notes):
        if note not in known:
            link = omero.model.ImageAnnotationLinkI()
            link.setParent(unloaded("Image", image_id))
            link.setChild(_own_tag(omero_session, group_id, note) or omero_annotation(note))
            links.append(link)
    if links:
        omero_session.save(links, group_id)


def _own_tag(omero_session: OmeroSessionContext, group_id: int, note: Annotation) -> Any:
    """Tags are shared between images: return the person's own of this name, if any."""
    if note.kind is not AnnotationKind.TAG:
        return None
    tags = omero_session.entities(
        "select t from TagAnnotation t where t.textValue = :value"
        " and t.details.owner.id = :owner and t.details.group.id = :group order by t.id",
        value=note.value,
        owner=omero_session.identity.experimenter.id,
        group=group_id,
    )
    same = (tag for tag in tags if (plain(tag.getNs()) or "") == note.namespace)
    tag = next(same, None)
    return None if tag is None else unloaded("TagAnnotation", plain(tag.getId()))
