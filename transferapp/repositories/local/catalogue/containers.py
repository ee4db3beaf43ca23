"""Projects, datasets, screens and plates of the embedded repository."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from typing_extensions import override

from transferapp.errors import Invalid
from transferapp.host.database import reading, writing
from transferapp.model.containers import PARENT_KIND, Container, ContainerKind, ContainerRef
from transferapp.model.export_places import ImageLocation
from transferapp.model.restoring import ContainerPlan
from transferapp.repositories.local.accounts.permissions import Caller, demand
from transferapp.repositories.local.catalogue.container_rows import (
    container,
    container_query,
    find_container,
)
from transferapp.repositories.local.catalogue.image_locations import image_locations
from transferapp.repositories.local.storage.garbage import list_contents
from transferapp.repositories.local.storage.schema import attachments, containers
from transferapp.repositories.local.store import LocalRepositoryStore, in_thread
from transferapp.repositories.port import Containers

_MOST_NAME_LENGTH = 255


class LocalContainers(Containers):
    """Containers as one experimenter sees them."""

    def __init__(self, local_store: LocalRepositoryStore, caller: Caller) -> None:
        """See what ``caller`` may see."""
        self._local_store, self._engine, self._caller = local_store, local_store.engine, caller

    @override
    async def children(
        self, parent: ContainerRef | None, *, kind: ContainerKind | None = None
    ) -> list[Container]:
        """List children, or the tops (also plates whose screen was deleted), by name."""
        return await in_thread(self._children, parent, kind)

    @override
    async def get(self, ref: ContainerRef) -> Container:
        """Return one container; raises TargetNotFound."""
        return await in_thread(self._get, ref)

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
        return await in_thread(self._create, kind, name, parent, description)

    @override
    async def delete(self, ref: ContainerRef) -> None:
        """Delete a container with its attachments; what was in it stays without one."""
        await in_thread(self._delete, ref)

    @override
    async def locate(self, image_ids: Sequence[int]) -> list[ImageLocation]:
        """Say where images lie, in one question."""

        def locate() -> list[ImageLocation]:
            with reading(self._engine) as connection:
                return image_locations(connection, self._caller, image_ids)

        return await in_thread(locate)

    def _children(
        self, parent: ContainerRef | None, kind: ContainerKind | None
    ) -> list[Container]:
        query = container_query(self._caller)
        with reading(self._engine) as connection:
            if parent is not None:
                find_container(connection, self._caller, parent)
            query = query.where(
                containers.c.parent_id.is_(None)
                if parent is None
                else containers.c.parent_id == parent.id
            )
            if kind is not None:
                query = query.where(containers.c.kind == str(kind))
            query = query.order_by(sa.func.lower(containers.c.name), containers.c.id)
            return [container(row, self._caller) for row in connection.execute(query)]

    def _get(self, ref: ContainerRef) -> Container:
        with reading(self._engine) as connection:
            return container(find_container(connection, self._caller, ref), self._caller)

    def _create(
        self, kind: ContainerKind, name: str, parent: ContainerRef | None, description: str
    ) -> Container:
        plan = ContainerPlan("", kind, name, description, parent)
        with writing(self._engine) as connection:
            return insert_container(connection, self._caller, plan)

    def _delete(self, ref: ContainerRef) -> None:
        with writing(self._engine) as connection:
            found = container(find_container(connection, self._caller, ref), self._caller)
            demand(found.can_edit, f"delete '{found.name}'")
            mine = sa.select(attachments.c.sha1).where(attachments.c.container_id == ref.id)
            list_contents(connection, connection.scalars(mine.distinct()).all())
            # The schema does the rest: links, wells and attachments go, children lose their
            # parent.
            connection.execute(containers.delete().where(containers.c.id == ref.id))
        self._local_store.collect_garbage()


def insert_container(
    connection: sa.Connection, caller: Caller, plan: ContainerPlan
) -> Container:
    """Make a container, under its key where it has one; raises as ``Containers.create``."""
    _check_new(plan)
    group_id = caller.home_group_id
    if plan.parent is not None:
        above = container(find_container(connection, caller, plan.parent), caller)
        demand(above.can_link, f"put anything into '{above.name}'")
        group_id = above.group_id
    demand(caller.may_write_in(group_id), "make anything in this group")
    values = {
        "kind": str(plan.kind),
        "name": plan.name.strip(),
        "description": plan.description,
        "parent_id": None if plan.parent is None else plan.parent.id,
        "owner_id": caller.experimenter_id,
        "group_id": group_id,
        "key": plan.key or None,
    }
    key = connection.execute(containers.insert().values(**values)).inserted_primary_key
    ref = ContainerRef(plan.kind, int(key[0]))  # type: ignore[index]
    return container(find_container(connection, caller, ref), caller)


def check_name(name: str) -> None:
    """Raise Invalid for a name that cannot be."""
    if not name.strip() or len(name) > _MOST_NAME_LENGTH:
        raise Invalid(f"Give a name of 1 to {_MOST_NAME_LENGTH} characters.")


def _check_new(plan: ContainerPlan) -> None:
    check_name(plan.name)
    kind, parent = plan.kind, plan.parent
    if parent is not None and PARENT_KIND.get(kind) is not parent.kind:
        raise Invalid(
            f"A {kind.lower()} cannot be put into a {parent.kind.lower()}. Choose another"
            " parent."
        )
