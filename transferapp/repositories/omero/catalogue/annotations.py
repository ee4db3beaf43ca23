"""Tags, comments and key-value pairs on images and containers in OMERO, each added once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

#: Images of one transaction: it is over before anybody takes its client for dead.
_AT_ONCE = 500
_IMAGE = "Image"


def annotations_of(
    omero_session: OmeroSessionContext, parent_id: int, kind: str = _IMAGE
) -> list[Annotation]:
    """List the annotations that we can show of an image, or a container of this kind, in the
    order they were made; blocking.
    """
    links = omero_session.entities(
        f"select l from {kind}AnnotationLink l join fetch l.child"  # noqa: S608
        " where l.parent.id = :id order by l.child.id",
        id=parent_id,
    )
    found = (annotation(link.getChild()) for link in links)
    return list(dict.fromkeys(note for note in found if note is not None))


def add_annotations(
    omero_session: OmeroSessionContext,
    group_id: int,
    notes: Mapping[int, Sequence[Annotation]],
    kind: str = _IMAGE,
) -> None:
    """Add what images (or containers of a kind) do not have yet, by their ids, ``_AT_ONCE`` in
    one transaction; blocking. What is repeated after a crash finds what was written, whole
    batches.
    """
    tags: dict[Annotation, int] = {}
    parents = sorted(notes)
    for at in range(0, len(parents), _AT_ONCE):
        some = parents[at : at + _AT_ONCE]
        known = _known(omero_session, some, kind)
        missing = [
            (parent_id, note)
            for parent_id in some
            for note in dict.fromkeys(notes[parent_id])
            if (parent_id, note) not in known
        ]
        for _, note in missing:
            if note.kind is AnnotationKind.TAG and note not in tags:
                tags[note] = _own_tag(omero_session, group_id, note)
        if missing:
            links = [_link(kind, one, note, tags.get(note)) for one, note in missing]
            omero_session.save(links, group_id)


def make_tags(
    omero_session: OmeroSessionContext, group_id: int, tags: Sequence[Annotation]
) -> None:
    """Make those that the person has none of in the group; blocking. OMERO takes a second one
    of a name, so only one at a time may do this for a person and a group.
    """
    for tag in dict.fromkeys(tags):
        _own_tag(omero_session, group_id, tag)


def _known(
    omero_session: OmeroSessionContext, parents: Sequence[int], kind: str
) -> set[tuple[int, Annotation]]:
    links = omero_session.entities(
        f"select l from {kind}AnnotationLink l join fetch l.child"  # noqa: S608
        " where l.parent.id in (:ids)",
        ids=list(parents),
    )
    found = ((plain(link.getParent().getId()), annotation(link.getChild())) for link in links)
    return {(parent_id, note) for parent_id, note in found if note is not None}


def _link(kind: str, parent_id: int, note: Annotation, tag_id: int | None) -> Any:
    link = getattr(omero.model, f"{kind}AnnotationLinkI")()
    link.setParent(unloaded(kind, parent_id))
    child = omero_annotation(note) if tag_id is None else unloaded("TagAnnotation", tag_id)
    link.setChild(child)
    return link


def _own_tag(omero_session: OmeroSessionContext, group_id: int, note: Annotation) -> int:
    """Tags are shared between images: return the person's own of this name, made before the
    links to it where she has none.
    """
    tags = omero_session.entities(
        "select t from TagAnnotation t where t.textValue = :value"
        " and t.details.owner.id = :owner and t.details.group.id = :group order by t.id",
        value=note.value,
        owner=omero_session.identity.experimenter.id,
        group=group_id,
    )
    for tag in tags:
        if (plain(tag.getNs()) or "") == note.namespace:
            return int(plain(tag.getId()))
    [made] = omero_session.save([omero_annotation(note)], group_id)
    return made
