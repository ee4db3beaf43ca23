"""Projects, datasets, screens and plates."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from transferapp.errors import Invalid
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.restoring import ContainerPlan
from transferapp.operations.make_containers import check_restorable, made_container
from transferapp.protocol import routes
from transferapp.protocol.messages import NewContainer
from transferapp.server.answers import json_answer
from transferapp.server.auth import SessionGrant, owner_allowed_to
from transferapp.server.parts import parts_of

router = APIRouter(prefix=routes.CONTAINERS, tags=["containers"])


@router.get("", response_model=list[Container])
async def children(
    grant: SessionGrant, request: Request, parent: str = "", kind: str = "", owner: str = ""
) -> Response:
    """List what is in a container, or without ``parent`` the tops, as ``owner`` sees it."""
    parent_ref = ContainerRef.parse(parent) if parent else None
    wanted = _kind(kind) if kind else None
    whose = await owner_allowed_to(request, grant, owner)
    async with parts_of(request).repository.session(whose.username) as session:
        if parent_ref is not None and whose.group_ids is not None:
            whose.check_container(await session.containers.get(parent_ref))
        found = await session.containers.children(parent_ref, kind=wanted)
    found = [one for one in found if whose.covers(one.group_id)]
    return json_answer(list[Container], found)


@router.post("", status_code=HTTPStatus.CREATED, response_model=Container)
async def create(new: NewContainer, grant: SessionGrant, request: Request) -> Response:
    """Make a container, in the group of its parent where it has one."""
    repository = parts_of(request).repository
    whose = await owner_allowed_to(request, grant, new.owner)
    kind = _kind(new.kind)
    parent = ContainerRef.parse(new.parent) if new.parent else None
    group_id = new.group_id
    if parent is not None:
        async with repository.session(whose.username) as session:
            above = whose.check_container(await session.containers.get(parent))
        group_id = above.group_id
    elif group_id is None:
        group_id = whose.home(await repository.identity(whose.username))
    whose.check_group(group_id)
    plan = ContainerPlan(new.key, kind, new.name, new.description, parent)
    check_restorable(repository, plan, new.annotations)
    async with repository.session(whose.username, group_id) as session:
        made = await made_container(session, plan, new.annotations)
    return json_answer(Container, made, HTTPStatus.CREATED)


@router.get("/{ref}", response_model=Container)
async def container(
    ref: str, grant: SessionGrant, request: Request, owner: str = ""
) -> Response:
    """Return one container, as ``owner`` sees it."""
    whose = await owner_allowed_to(request, grant, owner)
    async with parts_of(request).repository.session(whose.username) as session:
        found = await session.containers.get(ContainerRef.parse(ref))
    whose.check_container(found)
    return json_answer(Container, found)


@router.delete("/{ref}", status_code=HTTPStatus.NO_CONTENT)
async def delete(ref: str, grant: SessionGrant, request: Request) -> None:
    """Delete a container; the images in it stay."""
    async with parts_of(request).repository.session(grant.username) as session:
        await session.containers.delete(ContainerRef.parse(ref))


def _kind(text: str) -> ContainerKind:
    try:
        return ContainerKind(text.capitalize())
    except ValueError:
        kinds = ", ".join(ContainerKind)
        raise Invalid(f"'{text}' is no kind of container. There are: {kinds}.") from None
