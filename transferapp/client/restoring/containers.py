"""Make the containers of an archive at a server, each once, and write down which they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from transferapp.archive.lines import ContainerLine
from transferapp.archive.nouns import annotations_of
from transferapp.client.restoring.filesets import kind_of
from transferapp.client.restoring.state import RestoreState
from transferapp.errors import TargetNotFound
from transferapp.model.annotations import MOST_ANNOTATIONS, wrong_annotations
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.images import Annotation
from transferapp.model.restoring import MOST_NAME, RESTORED_FROM


class MakesContainers(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    async def container(self, ref: ContainerRef) -> Container:
        """Return one container; raises TargetNotFound."""

    async def create_container(  # noqa: PLR0913 - all that a container is made of
        self,
        kind: ContainerKind,
        name: str,
        *,
        parent: ContainerRef | None = None,
        group_id: int | None = None,
        description: str = "",
        key: str = "",
        annotations: Sequence[Annotation] = (),
    ) -> Container:
        """Make a container; the same key gives the first one again."""


def restorable(notes: Sequence[Annotation]) -> tuple[Annotation, ...]:
    """Return those that a repository can take: no empty ones, none of an earlier restore."""
    return tuple(
        note
        for note in notes
        if note.namespace != RESTORED_FROM and not wrong_annotations([note])
    )


@dataclass(frozen=True, slots=True)
class ContainerMaking:
    """Makes them; ``save`` is called whenever one is known. ``into``: the project that datasets
    go to instead of their own.
    """

    server: MakesContainers
    state: RestoreState
    save: Callable[[], None]
    group_id: int | None = None
    into: ContainerRef | None = None

    async def make(self, lines: Sequence[ContainerLine]) -> None:
        """Make all of them, parents first; raises PermissionDenied, TargetNotFound."""
        for line in lines:
            if self.into is not None and kind_of(line.ref) == ContainerKind.PROJECT:
                continue
            known = self.state.containers.get(line.ref)
            if known is None or not await self._is_there(known):
                made = await self._made(line)
                self.state.containers[line.ref] = str(made.ref)
                self.save()

    async def _is_there(self, ref: str) -> bool:
        try:
            await self.server.container(ContainerRef.parse(ref))
        except TargetNotFound:
            return False  # A person has deleted it since.
        return True

    async def _made(self, line: ContainerLine) -> Container:
        notes = restorable(annotations_of(line.annotations))
        made = await self._asked_for(line, notes[:MOST_ANNOTATIONS])
        for at in range(MOST_ANNOTATIONS, len(notes), MOST_ANNOTATIONS):
            # The same request again gives the same container.
            made = await self._asked_for(line, notes[at : at + MOST_ANNOTATIONS])
        return made

    async def _asked_for(self, line: ContainerLine, notes: tuple[Annotation, ...]) -> Container:
        parent = self._parent(line)
        return await self.server.create_container(
            ContainerKind(kind_of(line.ref)),
            line.name.strip()[:MOST_NAME] or line.ref,
            parent=parent,
            group_id=None if parent else self.group_id,
            description=line.description,
            key=self.state.container_key(line.ref),
            annotations=notes,
        )

    def _parent(self, line: ContainerLine) -> ContainerRef | None:
        if self.into is not None and kind_of(line.ref) == ContainerKind.DATASET:
            return self.into
        known = (self.state.containers.get(one) for one in line.parents)
        return next((ContainerRef.parse(ref) for ref in known if ref), None)
