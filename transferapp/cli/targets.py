"""Find what ``--to`` names: ``Dataset:12``, ``Dataset:Embryos``, ``Dataset:Flies/Embryos``."""

from __future__ import annotations

from transferapp.client.browsing import BrowseClient
from transferapp.errors import Conflict, Invalid, TargetNotFound
from transferapp.model.containers import (
    IMPORT_TARGETS,
    PARENT_KIND,
    Container,
    ContainerKind,
    ContainerRef,
    is_id,
)


async def find_target(server: BrowseClient, text: str, *, create: bool) -> Container:
    """Return the container; raises Invalid, TargetNotFound, Conflict when several fit.

    A number is an id where there is such a container, and a name where there is none.
    Behind a parent (``Dataset:Flies/20261129``) it is always a name.
    """
    kind, path = _parse(text)
    if len(path) == 1:
        by_id = await _by_id(server, kind, path[0])
        return by_id or await _anywhere(server, kind, path[0], create=create)
    parent_kind = PARENT_KIND.get(kind)
    if parent_kind is None:
        raise Invalid(f"A {kind} has no parent. Write {kind}:{path[-1]}.")
    tops = await server.containers(None, kind=parent_kind)
    parent = await _the_only(server, tops, (parent_kind, path[0], None), create=create)
    inside = await server.containers(parent.ref)
    return await _the_only(server, inside, (kind, path[1], parent.ref), create=create)


async def _by_id(server: BrowseClient, kind: ContainerKind, text: str) -> Container | None:
    """Return the container with this id; None where the text can only be a name."""
    if not is_id(text):
        return None
    try:
        return await server.container(ContainerRef(kind, int(text)))
    except TargetNotFound:
        return None


def check_target(text: str) -> None:
    """Raise Invalid for what can be no target, before anything is looked for."""
    _parse(text)


def _parse(text: str) -> tuple[ContainerKind, list[str]]:
    term, _, rest = text.partition(":")
    known = {kind.lower(): kind for kind in IMPORT_TARGETS}
    path = [part for part in rest.split("/") if part]
    if term.lower() not in known or not 1 <= len(path) <= 2:  # noqa: PLR2004 - project/dataset
        raise Invalid(
            f"'{text}' is not a target. Write Dataset:12, Dataset:NAME, Dataset:PROJECT/NAME"
            " or Screen:NAME."
        )
    return known[term.lower()], path


async def _anywhere(
    server: BrowseClient, kind: ContainerKind, name: str, *, create: bool
) -> Container:
    found = await server.containers(None, kind=kind)
    for parent in await server.containers(None, kind=PARENT_KIND.get(kind)):
        if parent.ref.kind is PARENT_KIND.get(kind):
            found += await server.containers(parent.ref)
    unique = {container.ref: container for container in found}
    return await _the_only(server, list(unique.values()), (kind, name, None), create=create)


async def _the_only(
    server: BrowseClient,
    among: list[Container],
    wanted: tuple[ContainerKind, str, ContainerRef | None],
    *,
    create: bool,
) -> Container:
    kind, name, parent = wanted
    fitting = [c for c in among if c.name == name and c.ref.kind is kind]
    if len(fitting) > 1:
        refs = ", ".join(str(c.ref) for c in fitting)
        raise Conflict(f"Several are named '{name}': {refs}. Use the number.")
    if fitting:
        return fitting[0]
    if create:
        return await server.create_container(kind, name, parent=parent)
    if parent is None and is_id(name):
        raise TargetNotFound(
            f"There is no {kind} with the number {name} that you may see, and none is called"
            f" '{name}'. Add --create to make one of that name."
        )
    raise TargetNotFound(f"There is no {kind} '{name}'. Add --create to make it.")
