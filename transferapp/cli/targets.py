"""Find what ``--to`` names: ``Dataset:12``, ``Dataset:Embryos``, ``Flies/Embryos``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from transferapp.client.server import ServerClient
from transferapp.errors import Conflict, Invalid, TargetNotFound
from transferapp.model.containers import (
    IMPORT_TARGETS,
    PARENT_KIND,
    Container,
    ContainerKind,
    ContainerRef,
    is_id,
)
from transferapp.model.identity import Group


async def find_target(  # noqa: PLR0913 - each narrows the search
    server: ServerClient,
    text: str,
    *,
    create: bool,
    group: str = "",
    owner: str = "",
    only_in: int | None = None,
    source: bool = False,
) -> Container:
    """Return the container; raises Invalid, TargetNotFound, Conflict when several fit.

    A number is an id where there is such a container, and a name where there is none.
    Behind a parent (``Dataset:Flies/20261129``, ``Flies/20261129``) it is always a name.
    ``group``: only there, and what is made is made there. ``owner``: with that person's
    rights instead of one's own. ``only_in``: the id of the only group that is possible.
    ``source``: something comes from there, so nobody is told how to make it.
    """
    kind, path = _parse(text)
    only = await _group(server, group, only_in, owner)
    search = _Search(server, kind, only, owner, create=create, source=source)
    return await (search.by_path(*path) if len(path) > 1 else search.by_name(path[0]))


def check_target(text: str) -> None:
    """Raise Invalid for what can be no target, before anything is looked for."""
    _parse(text)


def _parse(text: str) -> tuple[ContainerKind, list[str]]:
    term, colon, rest = text.partition(":")
    kinds = {kind.lower(): kind for kind in ContainerKind}
    if not colon or term.lower() not in kinds:
        # The names of OMERO's tree, as people write them; a colon may be in a name.
        path = [part for part in text.split("/") if part]
        if len(path) == 2:  # noqa: PLR2004 - project/dataset
            return ContainerKind.DATASET, path
    path = [part for part in rest.split("/") if part]
    kind = kinds.get(term.lower())
    if kind not in IMPORT_TARGETS or not 1 <= len(path) <= 2:  # noqa: PLR2004 - as above
        raise Invalid(
            f"'{text}' is not a target. Write Dataset:12, Dataset:NAME, PROJECT/DATASET,"
            " Screen:3 or Screen:NAME. Where a name has a '/', take the number."
        )
    if len(path) > 1 and kind not in PARENT_KIND:
        raise Invalid(f"A {kind} has no parent. Write {kind}:{path[-1]}.")
    return kind, path


async def _group(
    server: ServerClient, name: str, only_in: int | None, owner: str
) -> Group | None:
    """Return the group to look in; None: all of them."""
    if not name and only_in is None:
        return None
    groups = (await server.identity(owner=owner)).groups
    possible = next((one for one in groups if one.id == only_in), None)
    if only_in is not None and possible is None:
        whose = f"{owner} is" if owner else "You are"
        raise Invalid(
            f"{whose} not in the group that the import was made for (number {only_in}), and"
            " it can go nowhere else. Ask that group's owner, or import the files anew."
        )
    if not name:
        return possible
    asked = _group_called(name, groups, owner)
    if possible and asked != possible:
        raise Invalid(
            f"The import was made for the group '{possible.name}' and cannot go into another."
            f" Leave --group out, or import the files anew into '{name}'."
        )
    return asked


async def group_named(server: ServerClient, name: str) -> Group | None:
    """Return one's own group of this name; None for no name. Raises Invalid."""
    return await _group(server, name, None, "")


def _group_called(name: str, groups: Iterable[Group], owner: str) -> Group:
    for one in groups:
        if one.name == name:
            return one
    yours = ", ".join(f"'{one.name}'" for one in groups)
    if owner:
        raise Invalid(f"{owner} is in no group '{name}'. The groups there are: {yours}.")
    if not yours:
        raise Invalid("You are in no group that takes images. Ask your administrator for one.")
    raise Invalid(f"You are in no group '{name}'. Yours are: {yours}.")


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for a container of one kind, in all groups or in one."""

    server: ServerClient
    kind: ContainerKind
    group: Group | None
    owner: str
    create: bool
    source: bool = False

    async def by_name(self, name: str) -> Container:
        """Return the one with this id or name, wherever it is."""
        if found := await self._by_id(name):
            return found
        fitting = self._called(name, self.kind, await self._everywhere())
        if fitting:
            return await self._the_only(fitting)
        return await self._made(name, None)

    async def by_path(self, parent: str, name: str) -> Container:
        """Return the one of this name in a parent of that name."""
        above = PARENT_KIND[self.kind]
        tops = await self.server.containers(None, kind=above, owner=self.owner)
        parents = self._called(parent, above, tops)
        inside = [
            one
            for top in parents
            for one in await self.server.containers(top.ref, owner=self.owner)
        ]
        if fitting := self._called(name, self.kind, inside):
            return await self._the_only(fitting)
        if parents:
            place = await self._the_only(parents) if self.create else parents[0]
            return await self._made(name, place.ref)
        if not self.create:
            raise TargetNotFound(f"There is no {above} '{parent}'.{self._make_it()}")
        made = await self.server.create_container(
            above, parent, group_id=self._group_id, owner=self.owner
        )
        return await self._made(name, made.ref)

    @property
    def _group_id(self) -> int | None:
        return self.group.id if self.group else None

    async def _by_id(self, text: str) -> Container | None:
        """Return the container with this id; None where the text can only be a name."""
        if not is_id(text):
            return None
        try:
            found = await self.server.container(
                ContainerRef(self.kind, int(text)), owner=self.owner
            )
        except TargetNotFound:
            return None
        if self.group and found.group_id != self.group.id:
            raise Invalid(
                f"{found.ref}, '{found.name}', is not in the group '{self.group.name}'. Name"
                " a target of that group."
            )
        return found

    async def _everywhere(self) -> list[Container]:
        found = await self.server.containers(None, kind=self.kind, owner=self.owner)
        above = PARENT_KIND.get(self.kind)
        for parent in (
            await self.server.containers(None, kind=above, owner=self.owner) if above else ()
        ):
            found += await self.server.containers(parent.ref, owner=self.owner)
        return found

    def _called(
        self, name: str, kind: ContainerKind, among: Iterable[Container]
    ) -> list[Container]:
        """Return those of this name, each once; of them those that take something in, where
        there are such: nobody means a colleague's that she may only look at.
        """
        fitting = {
            one.ref: one
            for one in among
            if one.name == name
            and one.ref.kind is kind
            and self._group_id in (None, one.group_id)
        }
        return [one for one in fitting.values() if one.can_link] or list(fitting.values())

    async def _the_only(self, fitting: list[Container]) -> Container:
        if len(fitting) == 1:
            return fitting[0]
        names = {
            one.id: one.name for one in (await self.server.identity(owner=self.owner)).groups
        }
        choices = ", ".join(
            f"{one.ref} (of {one.owner}, group {names.get(one.group_id, one.group_id)})"
            for one in sorted(fitting, key=lambda one: one.ref.id)
        )
        raise Conflict(
            f"Several are named '{fitting[0].name}': {choices}. Use the number of a"
            f" {self.kind} ({self.kind}:12){'' if self.source else ', or name the --group'}."
        )

    async def _made(self, name: str, parent: ContainerRef | None) -> Container:
        if self.create:
            group_id = None if parent else self._group_id
            return await self.server.create_container(
                self.kind, name, parent=parent, group_id=group_id, owner=self.owner
            )
        where = f" in the group '{self.group.name}'" if self.group else ""
        if parent is None and is_id(name):
            raise TargetNotFound(
                f"There is no {self.kind} with the number {name} that you may see, and none is"
                f" called '{name}'{where}.{self._make_it('one of that name')}"
            )
        raise TargetNotFound(f"There is no {self.kind} '{name}'{where}.{self._make_it()}")

    def _make_it(self, what: str = "it") -> str:
        return " Check the name." if self.source else f" Add --create to make {what}."
