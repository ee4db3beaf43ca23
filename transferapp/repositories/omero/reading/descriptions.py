"""What archives state of OMERO's containers and images: a few questions for a thousand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from transferapp.model.containers import PARENT_KIND, ContainerKind, ContainerRef
from transferapp.model.descriptions import ContainerDescription, ImageDescription
from transferapp.model.images import Annotation, ImageSummary
from transferapp.model.restoring import RESTORED_FROM
from transferapp.repositories.descriptions_port import Descriptions
from transferapp.repositories.omero.catalogue.mapping import (
    annotation,
    channel,
    micrometres,
    plain,
)
from transferapp.repositories.omero.reading.image_queries import image_summaries
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

_MINE = "select c.id from {kind} c where c.details.owner.id = :owner"
_CONTAINERS = (
    "select c.id, c.name, c.description, c.details.owner.omeName, c.details.group.id"
    " from {kind} c where c.id in (:ids)"
)
_ABOVE = {
    ContainerKind.DATASET: "select l.child.id, l.parent.id from ProjectDatasetLink l"
    " where l.child.id in (:ids) order by l.parent.id",
    ContainerKind.PLATE: "select l.child.id, l.parent.id from ScreenPlateLink l"
    " where l.child.id in (:ids) order by l.parent.id",
}
_NOTES = (
    "select l from {kind}AnnotationLink l join fetch l.child where l.parent.id in (:ids)"
    " order by l.child.id"
)
_IMAGES = "select i.id, i.description, i.series, i.fileset.id from Image i where i.id in (:ids)"
_PIXELS = (
    "select p from Pixels p left outer join fetch p.channels c"
    " left outer join fetch c.logicalChannel left outer join fetch c.statsInfo"
    " where p.image.id in (:ids)"
)
_WITH_ROIS = "select r.image.id from Roi r where r.image.id in (:ids) group by r.image.id"


class OmeroDescriptions(Descriptions):
    """Containers and images as OMERO shows them to one experimenter."""

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """See what this person may see."""
        self._omero_session = omero_session

    @override
    async def owned(self) -> list[ContainerRef]:
        """List the person's containers."""
        return await self._omero_session.run(self._owned)

    @override
    async def containers(self, refs: Sequence[ContainerRef]) -> list[ContainerDescription]:
        """Describe containers that the person sees."""
        return await self._omero_session.run(self._containers, refs)

    @override
    async def images(self, image_ids: Sequence[int]) -> list[ImageDescription]:
        """Describe images that the person sees, in id order."""
        return await self._omero_session.run(self._images, sorted(set(image_ids)))

    def _owned(self) -> list[ContainerRef]:
        owner = self._omero_session.identity.experimenter.id
        return [
            ContainerRef(kind, found)
            for kind in ContainerKind
            for (found,) in self._omero_session.rows(_MINE.format(kind=kind), owner=owner)
        ]

    def _containers(self, refs: Sequence[ContainerRef]) -> list[ContainerDescription]:
        found = []
        for kind in ContainerKind:
            if ids := sorted({ref.id for ref in refs if ref.kind is kind}):
                found += self._of_kind(kind, ids)
        return found

    def _of_kind(self, kind: ContainerKind, ids: list[int]) -> list[ContainerDescription]:
        parents: dict[int, list[ContainerRef]] = defaultdict(list)
        if kind in _ABOVE:
            for child, parent in self._omero_session.rows(_ABOVE[kind], ids=ids):
                parents[child].append(ContainerRef(PARENT_KIND[kind], parent))
        notes = self._notes(str(kind), ids)
        rows = self._omero_session.rows(_CONTAINERS.format(kind=kind), ids=ids)
        return [
            ContainerDescription(
                ref=ContainerRef(kind, one),
                name=name or "",
                owner=owner,
                group_id=group_id,
                description=description or "",
                parents=tuple(dict.fromkeys(parents[one])),
                annotations=notes[one],
            )
            for one, name, description, owner, group_id in rows
        ]

    def _images(self, ids: list[int]) -> list[ImageDescription]:
        if not ids:
            return []
        known = {row[0]: row for row in self._omero_session.rows(_IMAGES, ids=ids)}
        pixels = {
            plain(one.getImage().getId()): one
            for one in self._omero_session.entities(_PIXELS, ids=ids)
        }
        drawn_on = {row[0] for row in self._omero_session.rows(_WITH_ROIS, ids=ids)}
        notes = self._notes("Image", ids)
        return [
            _image(
                one, known[one.id], pixels[one.id], notes[one.id], drawn_on=one.id in drawn_on
            )
            for one in image_summaries(self._omero_session, ids)
            # Not what was deleted between two questions.
            if one.id in known and one.id in pixels
        ]

    def _notes(self, kind: str, ids: list[int]) -> Mapping[int, tuple[Annotation, ...]]:
        """Return the annotations that we can show, by what they are on."""
        found: dict[int, dict[Annotation, None]] = defaultdict(dict)
        for link in self._omero_session.entities(_NOTES.format(kind=kind), ids=ids):
            note = annotation(link.getChild())
            # Where something was restored from is ours, not a person's.
            if note is not None and note.namespace != RESTORED_FROM:
                found[plain(link.getParent().getId())][note] = None
        return defaultdict(tuple, {one: tuple(notes) for one, notes in found.items()})


def _image(
    summary: ImageSummary,
    row: Sequence[Any],
    pixels: Any,
    notes: tuple[Annotation, ...],
    *,
    drawn_on: bool,
) -> ImageDescription:
    _, description, series, fileset_id = row
    channels = enumerate(pixels.copyChannels())
    return ImageDescription(
        summary=summary,
        channels=tuple(channel(one, number, summary.dtype) for number, one in channels),
        description=description or "",
        series=(series or 0) if fileset_id else None,
        pixel_size_um=(
            micrometres(pixels.getPhysicalSizeZ()),
            micrometres(pixels.getPhysicalSizeY()),
            micrometres(pixels.getPhysicalSizeX()),
        ),
        annotations=notes,
        may_have_rois=drawn_on,
    )
