"""Find containers in the tables, with their counts and the caller's rights."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from transferapp.errors import TargetNotFound
from transferapp.model.containers import PARENT_KIND, Container, ContainerKind, ContainerRef
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.storage.schema import containers, experimenters, image_links

Row = sa.Row[Any]


def container_query(caller: Caller) -> sa.Select[Any]:
    """Select the containers that the caller sees, with owner and counts."""
    child = containers.alias("child")
    children = (
        sa.select(sa.func.count())
        .select_from(child)
        .where(child.c.parent_id == containers.c.id)
    )
    inside = (
        sa.select(child.c.id).where(child.c.parent_id == containers.c.id).correlate(containers)
    )
    held = sa.or_(
        image_links.c.container_id == containers.c.id, image_links.c.container_id.in_(inside)
    )
    linked = sa.select(sa.func.count(image_links.c.image_id.distinct())).where(held)
    return (
        sa.select(
            containers,
            experimenters.c.username.label("owner"),
            children.correlate(containers).scalar_subquery().label("child_count"),
            linked.correlate(containers).scalar_subquery().label("image_count"),
        )
        .join_from(containers, experimenters, experimenters.c.id == containers.c.owner_id)
        .where(caller.sees(containers))
    )


def container(row: Row, caller: Caller) -> Container:
    """Read a row of ``container_query``."""
    kind = ContainerKind(row.kind)
    rights = caller.rights(row.owner_id, row.group_id)
    parent = None
    if row.parent_id is not None:
        parent = ContainerRef(PARENT_KIND[kind], row.parent_id)
    return Container(
        ref=ContainerRef(kind, row.id),
        name=row.name,
        owner=row.owner,
        group_id=row.group_id,
        description=row.description,
        parent=parent,
        child_count=row.child_count,
        image_count=row.image_count,
        can_link=rights.can_link,
        can_edit=rights.can_edit,
        can_annotate=rights.can_annotate,
    )


def find_container(connection: sa.Connection, caller: Caller, ref: ContainerRef) -> Row:
    """Return a row of ``container_query``; raises TargetNotFound."""
    here = sa.and_(containers.c.id == ref.id, containers.c.kind == str(ref.kind))
    row = connection.execute(container_query(caller).where(here)).one_or_none()
    if row is None:
        raise _unknown(ref)
    return row


def require_container(connection: sa.Connection, caller: Caller, ref: ContainerRef) -> None:
    """Check that the caller sees a container, without counting what is in it; raises
    TargetNotFound.
    """
    here = sa.and_(containers.c.id == ref.id, containers.c.kind == str(ref.kind))
    query = sa.select(containers.c.id).where(here, caller.sees(containers))
    if connection.execute(query).one_or_none() is None:
        raise _unknown(ref)


def _unknown(ref: ContainerRef) -> TargetNotFound:
    return TargetNotFound(f"There is no {ref}, or you may not see it. Choose another target.")
