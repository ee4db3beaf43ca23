"""Projects, datasets, screens and plates in OMERO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import override

from transferapp.errors import Invalid, PermissionDenied, TargetNotFound
from transferapp.model.containers import PARENT_KIND, Container, ContainerKind, ContainerRef
from transferapp.model.export_places import ImageLocation
from transferapp.model.restoring import ContainerPlan
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.image_locations import image_locations
from transferapp.repositories.omero.catalogue.mapping import container, unloaded
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import Containers

_MOST_NAME_LENGTH = 255
#: The links below a kind, and what they lead to.
_LINKS = {ContainerKind.PROJECT: "ProjectDatasetLink", ContainerKind.SCREEN: "ScreenPlateLink"}
_CHILD_KIND = {parent: child for child, parent in PARENT_KIND.items()}
#: How many images each of some containers holds, in itself or one level below.
_IMAGE_COUNTS = {
    ContainerKind.DATASET: "select l.parent.id, count(distinct l.child.id) from"
    " DatasetImageLink l where l.parent.id in (:ids) group by l.parent.id",
    ContainerKind.PROJECT: "select p.parent.id, count(distinct l.child.id) from"
    " ProjectDatasetLink p, DatasetImageLink l where l.parent.id = p.child.id"
    " and p.parent.id in (:ids) group by p.parent.id",
    ContainerKind.PLATE: "select s.well.plate.id, count(distinct s.image.id) from"
    " WellSample s where s.well.plate.id in (:ids) group by s.well.plate.id",
    ContainerKind.SCREEN: "select l.parent.id, count(distinct s.image.id) from"
    " ScreenPlateLink l, WellSample s where s.well.plate.id = l.child.id"
    " and l.parent.id in (:ids) group by l.parent.id",
}


class OmeroContainers(Containers):
    """Containers as OMERO shows them to one experimenter."""

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """See what this person may see."""
        self._omero_session = omero_session

    @override
    async def children(
        self, parent: ContainerRef | None, *, kind: ContainerKind | None = None
    ) -> list[Container]:
        """List children, or the tops (also plates without a screen), by name."""
        return await self._omero_session.run(self._children, parent, kind)

    @override
    async def get(self, ref: ContainerRef) -> Container:
        """Return one container; raises TargetNotFound."""
        return await self._omero_session.run(find_container, self._omero_session, ref)

    @override
    async def create(
        self,
        kind: ContainerKind,
        name: str,
        *,
        parent: ContainerRef | None = None,
        description: str = "",
    ) -> Container:
        """Make a container; below a parent in the parent's group."""
        return await self._omero_session.run(self._create, kind, name, parent, description)

    @override
    async def delete(self, ref: ContainerRef) -> None:
        """Delete a container; what was in it stays without one."""
        await self._omero_session.run(self._delete, ref)

    @override
    async def locate(self, image_ids: Sequence[int]) -> list[ImageLocation]:
        """Say where images lie, in a few questions however many they are."""
        return await self._omero_session.run(image_locations, self._omero_session, image_ids)

    def _children(
        self, parent: ContainerRef | None, kind: ContainerKind | None
    ) -> list[Container]:
        if parent is None:
            found = [one for top in ContainerKind for one in self._tops(top, kind)]
        else:
            find_container(self._omero_session, parent)
            found = self._below(parent, kind)
        return sorted(found, key=lambda one: (one.name.lower(), one.ref.id))

    def _tops(self, top: ContainerKind, wanted: ContainerKind | None) -> list[Container]:
        if wanted is not None and wanted is not top:
            return []
        above = PARENT_KIND.get(top)
        orphan = "" if above is None else _without_parent(above)
        return _load(self._omero_session, top, orphan)

    def _below(self, parent: ContainerRef, wanted: ContainerKind | None) -> list[Container]:
        kind = _CHILD_KIND.get(parent.kind)
        if kind is None or wanted not in (None, kind):
            return []
        links = _LINKS[parent.kind]
        below = f"select l.child.id from {links} l where l.parent.id = :parent"  # noqa: S608
        inside = f"where c.id in ({below})"
        return _load(self._omero_session, kind, inside, parent=parent.id)

    def _create(
        self, kind: ContainerKind, name: str, parent: ContainerRef | None, description: str
    ) -> Container:
        plan = ContainerPlan("", kind, name, description, parent)
        return new_container(self._omero_session, plan)

    def _delete(self, ref: ContainerRef) -> None:
        found = find_container(self._omero_session, ref)
        if not found.can_edit:
            raise PermissionDenied(f"You may not delete '{found.name}'. Ask {found.owner}.")
        keep = {
            ContainerKind.PROJECT: ["Dataset"],
            ContainerKind.SCREEN: ["Plate"],
        }.get(ref.kind, ["Image"])
        delete(
            self._omero_session.gateway, found.group_id, {str(ref.kind): [ref.id]}, keep=keep
        )


def new_container(
    omero_session: OmeroSessionContext, plan: ContainerPlan, note: Any = None
) -> Container:
    """Make a container, with an annotation on it where one is given, in one transaction;
    blocking. Raises as ``Containers.create``.
    """
    _check_new(plan)
    kind, parent = plan.kind, plan.parent
    made = getattr(omero.model, f"{kind}I")()
    made.setName(omero.rtypes.rstring(plan.name.strip()))
    made.setDescription(omero.rtypes.rstring(plan.description))
    if note is not None:
        made.linkAnnotation(note)
    if parent is None:
        [made_id] = omero_session.save([made], omero_session.home_group)
        return find_container(omero_session, ContainerRef(kind, made_id))
    above = linkable(omero_session, parent)
    link = getattr(omero.model, f"{_LINKS[parent.kind]}I")()
    link.setParent(unloaded(parent.kind, parent.id))
    link.setChild(made)
    [link_id] = omero_session.save([link], above.group_id)
    [[made_id]] = omero_session.rows(
        f"select l.child.id from {_LINKS[parent.kind]} l where l.id = :link",  # noqa: S608
        link=link_id,
    )
    return find_container(omero_session, ContainerRef(kind, made_id))


def find_container(omero_session: OmeroSessionContext, ref: ContainerRef) -> Container:
    """Return one container; blocking. Raises TargetNotFound."""
    found = _load(omero_session, ref.kind, "where c.id = :id", id=ref.id)
    if not found:
        raise TargetNotFound(
            f"There is no {ref}, or you may not see it. Choose another target."
        )
    return found[0]


def linkable(omero_session: OmeroSessionContext, ref: ContainerRef) -> Container:
    """Return a container that things may be put into; raises PermissionDenied too."""
    found = find_container(omero_session, ref)
    if not found.can_link:
        raise PermissionDenied(
            f"You may not put anything into '{found.name}'. Choose a target of your own, or"
            f" ask {found.owner}."
        )
    return found


def _load(
    omero_session: OmeroSessionContext,
    kind: ContainerKind,
    where: str,
    **values: int | str | list[int],
) -> list[Container]:
    hql = f"select c from {kind} c join fetch c.details.owner {where}"  # noqa: S608
    loaded = {one.getId().getValue(): one for one in omero_session.entities(hql, **values)}
    if not loaded:
        return []
    ids = list(loaded)
    parents = _parents(omero_session, kind, ids)
    children = _child_counts(omero_session, kind, ids)
    images = dict(omero_session.rows(_IMAGE_COUNTS[kind], ids=ids))
    return [
        container(
            one, kind, parents.get(key), (int(children.get(key, 0)), int(images.get(key, 0)))
        )
        for key, one in loaded.items()
    ]


def _parents(
    omero_session: OmeroSessionContext, kind: ContainerKind, ids: list[int]
) -> dict[int, ContainerRef]:
    above = PARENT_KIND.get(kind)
    if above is None:
        return {}
    found = omero_session.rows(
        f"select l.child.id, l.parent.id from {_LINKS[above]} l"  # noqa: S608
        " where l.child.id in (:ids) order by l.parent.id desc",
        ids=ids,
    )
    return {child: ContainerRef(above, parent) for child, parent in found}


def _child_counts(
    omero_session: OmeroSessionContext, kind: ContainerKind, ids: list[int]
) -> dict[int, int]:
    if kind not in _LINKS:
        return {}
    found = omero_session.rows(
        f"select l.parent.id, count(distinct l.child.id) from {_LINKS[kind]} l"  # noqa: S608
        " where l.parent.id in (:ids) group by l.parent.id",
        ids=ids,
    )
    return dict(found)


def _without_parent(above: ContainerKind) -> str:
    linked = f"select l.id from {_LINKS[above]} l where l.child.id = c.id"  # noqa: S608
    return f"where not exists ({linked})"


def check_name(name: str) -> None:
    """Raise Invalid for a name that cannot be."""
    if not name.strip() or len(name) > _MOST_NAME_LENGTH:
        raise Invalid(f"Give a name of 1 to {_MOST_NAME_LENGTH} characters.")


def _check_new(plan: ContainerPlan) -> None:
    kind, parent = plan.kind, plan.parent
    if kind is ContainerKind.PLATE:
        raise Invalid("A plate is made by importing into a screen.")
    check_name(plan.name)
    if parent is not None and PARENT_KIND.get(kind) is not parent.kind:
        raise Invalid(
            f"A {kind.lower()} cannot be put into a {parent.kind.lower()}. Choose another"
            " parent."
        )
