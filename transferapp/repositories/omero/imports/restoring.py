"""What an archive says, written on containers and images in OMERO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from typing_extensions import override

from transferapp.errors import Invalid, PermissionDenied
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.restoring import RESTORED_FROM, ContainerPlan, ImageTexts
from transferapp.model.rois import Roi, lacking
from transferapp.repositories.omero.catalogue.annotations import (
    add_annotations,
    annotations_of,
)
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.containers import (
    check_name,
    find_container,
    linkable,
    new_container,
)
from transferapp.repositories.omero.catalogue.drawing import omero_roi
from transferapp.repositories.omero.catalogue.mapping import omero_annotation, plain, unloaded
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.reading.image_queries import image_objects
from transferapp.repositories.omero.reading.rois import list_rois
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.restoring.port import Restoring

T = TypeVar("T")
#: Images of one transaction, and ROIs: masks come with their bits.
_AT_ONCE = 500
_ROIS_AT_ONCE = 100
_CHANNELS = (
    "select p from Pixels p left outer join fetch p.channels c"
    " left outer join fetch c.logicalChannel where p.image.id in (:ids)"
)


class OmeroRestoring(Restoring):
    """Writes as one experimenter.

    A container that was made under a key has a comment of the namespace RESTORED_FROM with it,
    saved in the same transaction.
    """

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """Write what this person may write."""
        self._omero_session = omero_session

    @override
    async def make_container(self, plan: ContainerPlan) -> Container:
        """Make it, or return the one that has this key."""
        return await self._omero_session.run(self._make_container, plan)

    @override
    async def describe_container(self, ref: ContainerRef, name: str, description: str) -> None:
        """Give a container this name and description."""
        await self._omero_session.run(self._describe_container, ref, name, description)

    @override
    async def annotate_container(
        self, ref: ContainerRef, annotations: Sequence[Annotation]
    ) -> None:
        """Add annotations; the same one twice is added once."""
        await self._omero_session.run(self._annotate_container, ref, annotations)

    @override
    async def container_annotations(self, ref: ContainerRef) -> list[Annotation]:
        """List the annotations of a container, but those that hold keys."""
        return await self._omero_session.run(self._container_annotations, ref)

    @override
    async def describe_images(self, texts: Mapping[int, ImageTexts]) -> None:
        """Give images names, descriptions, and names of channels."""
        await self._omero_session.run(self._describe_images, texts)

    @override
    async def add_rois(self, image_id: int, rois: Sequence[Roi]) -> int:
        """Draw what the image does not have yet, some in one transaction."""
        return await self._omero_session.run(self._add_rois, image_id, rois)

    @override
    async def link_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        """Put images into a dataset."""
        await self._omero_session.run(self._link_images, dataset, image_ids)

    @override
    async def unlink_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        """Take images out of a dataset."""
        await self._omero_session.run(self._unlink_images, dataset, image_ids)

    def _make_container(self, plan: ContainerPlan) -> Container:
        there = self._omero_session.rows(
            f"select l.parent.id from {plan.kind}AnnotationLink l, CommentAnnotation a"  # noqa: S608
            " where a.id = l.child.id and a.ns = :ns and a.textValue = :key"
            " and a.details.owner.id = :owner order by l.parent.id",
            ns=RESTORED_FROM,
            key=plan.key,
            owner=self._omero_session.identity.experimenter.id,
        )
        if there:
            return find_container(self._omero_session, ContainerRef(plan.kind, there[0][0]))
        key = Annotation(AnnotationKind.COMMENT, RESTORED_FROM, plan.key)
        return new_container(self._omero_session, plan, omero_annotation(key))

    def _describe_container(self, ref: ContainerRef, name: str, description: str) -> None:
        check_name(name)
        found = find_container(self._omero_session, ref)
        if not found.can_edit:
            raise PermissionDenied(f"You may not rename '{found.name}'. Ask {found.owner}.")
        loaded = self._omero_session.entities(
            f"select c from {ref.kind} c where c.id = :id",  # noqa: S608
            id=ref.id,
        )
        for one in loaded:
            one.setName(omero.rtypes.rstring(name.strip()))
            one.setDescription(omero.rtypes.rstring(description))
        self._omero_session.save(loaded, found.group_id)

    def _annotate_container(self, ref: ContainerRef, annotations: Sequence[Annotation]) -> None:
        found = find_container(self._omero_session, ref)
        if not found.can_annotate:
            raise PermissionDenied(f"You may not annotate '{found.name}'. Ask {found.owner}.")
        notes = {ref.id: annotations}
        add_annotations(self._omero_session, found.group_id, notes, str(ref.kind))

    def _container_annotations(self, ref: ContainerRef) -> list[Annotation]:
        find_container(self._omero_session, ref)
        found = annotations_of(self._omero_session, ref.id, str(ref.kind))
        return [note for note in found if note.namespace != RESTORED_FROM]

    def _describe_images(self, texts: Mapping[int, ImageTexts]) -> None:
        for given in texts.values():
            check_name(given.name)
        found = image_objects(self._omero_session, [*texts])
        if not all(one.getDetails().getPermissions().canEdit() for one in found):
            raise PermissionDenied("You may not rename these images. Ask their owner.")
        for group_id, images in _by_group(found):
            for some in _portions(images, _AT_ONCE):
                changed = [*map(_set_texts, some, (texts[_id(one)] for one in some))]
                renamed = self._renamed_channels({_id(one): texts[_id(one)] for one in some})
                self._omero_session.save([*changed, *renamed], group_id)

    def _renamed_channels(self, texts: Mapping[int, ImageTexts]) -> list[Any]:
        """Return logical channels, which images of a plate may share, under new names."""
        wanted = [image_id for image_id, given in texts.items() if given.channels]
        changed: dict[int, Any] = {}
        for pixels in self._omero_session.entities(_CHANNELS, ids=wanted) if wanted else ():
            names = texts[_id(pixels.getImage())].channels
            channels = pixels.copyChannels()
            if len(names) != len(channels):
                continue
            for name, channel in zip(names, channels, strict=True):
                logical = channel.getLogicalChannel()
                if logical is not None and name != plain(logical.getName()):
                    logical.setName(omero.rtypes.rstring(name))
                    changed[_id(logical)] = logical
        return [*changed.values()]

    def _add_rois(self, image_id: int, rois: Sequence[Roi]) -> int:
        [image] = image_objects(self._omero_session, [image_id])
        if not image.getDetails().getPermissions().canAnnotate():
            raise PermissionDenied("You may not draw on this image. Ask its owner.")
        group_id = _group_id(image)
        missing = lacking(rois, self._all_rois(image_id))
        for some in _portions(missing, _ROIS_AT_ONCE):
            self._omero_session.save([omero_roi(image_id, roi) for roi in some], group_id)
        return len(missing)

    def _all_rois(self, image_id: int) -> list[Roi]:
        found: list[Roi] = []
        after = 0
        while page := list_rois(self._omero_session, image_id, after, _AT_ONCE):
            found += page
            after = page[-1].id
        return found

    def _link_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        target = self._dataset(dataset)
        image_objects(self._omero_session, image_ids)
        there = {child for _, child in self._links(dataset, image_ids)}
        made = []
        for image_id in dict.fromkeys(image_ids):
            if image_id not in there:
                link = omero.model.DatasetImageLinkI()
                link.setParent(unloaded("Dataset", dataset.id))
                link.setChild(unloaded("Image", image_id))
                made.append(link)
        if made:
            self._omero_session.save(made, target.group_id)

    def _unlink_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        target = self._dataset(dataset)
        links = [link_id for link_id, _ in self._links(dataset, image_ids)]
        if links:
            targets = {"DatasetImageLink": links}
            delete(self._omero_session.gateway, target.group_id, targets, keep=[])

    def _dataset(self, ref: ContainerRef) -> Container:
        found = linkable(self._omero_session, ref)
        if ref.kind is not ContainerKind.DATASET:
            raise Invalid(f"'{found.name}' is no dataset. Images are put into datasets.")
        return found

    def _links(self, dataset: ContainerRef, image_ids: Sequence[int]) -> list[list[Any]]:
        if not image_ids:
            return []
        return self._omero_session.rows(
            "select l.id, l.child.id from DatasetImageLink l"
            " where l.parent.id = :parent and l.child.id in (:ids)",
            parent=dataset.id,
            ids=sorted(set(image_ids)),
        )


def _portions(found: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for at in range(0, len(found), size):
        yield found[at : at + size]


def _set_texts(image: Any, given: ImageTexts) -> Any:
    image.setName(omero.rtypes.rstring(given.name))
    image.setDescription(omero.rtypes.rstring(given.description))
    return image


def _by_group(images: Sequence[Any]) -> Iterator[tuple[int, list[Any]]]:
    for group_id in sorted({_group_id(one) for one in images}):
        yield group_id, [one for one in images if _group_id(one) == group_id]


def _group_id(found: Any) -> int:
    return int(plain(found.getDetails().getGroup().getId()))


def _id(found: Any) -> int:
    return int(plain(found.getId()))
