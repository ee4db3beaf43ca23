"""Where an import can go: projects, datasets and screens to choose from or to make."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferapp.desktop.session.observable import Listeners
from transferapp.errors import TransferAppError
from transferapp.model.containers import (
    IMPORT_TARGETS,
    Container,
    ContainerKind,
    ContainerRef,
)

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """A dataset or screen that an import can be sent to, with its project's name."""

    container: Container
    project_name: str = ""

    @property
    def ref(self) -> ContainerRef:
        """The container."""
        return self.container.ref

    @property
    def label(self) -> str:
        """``Project / Dataset`` as a person reads it."""
        name = self.container.name
        return f"{self.project_name} / {name}" if self.project_name else name


class TargetsPresenter:
    """The targets of the signed-in person; new ones are chosen at once."""

    def __init__(self, session: SessionPresenter) -> None:
        self._session = session
        self.targets: tuple[ImportTarget, ...] = ()
        #: Projects that a new dataset can be put into.
        self.projects: tuple[Container, ...] = ()
        self.chosen: ImportTarget | None = None
        self.trouble: TransferAppError | None = None
        self.changed: Listeners[[]] = Listeners()

    async def load(self) -> None:
        """Ask the server for what the person may import into; problem is kept to show."""
        try:
            tops = await self._session.server.containers()
            projects = [c for c in tops if c.ref.kind is ContainerKind.PROJECT]
            children = await asyncio.gather(
                *(self._session.server.containers(parent=p.ref) for p in projects)
            )
        except TransferAppError as error:
            self.trouble = error
            self.changed.notify()
            return
        found = [
            ImportTarget(child, project.name)
            for project, inside in zip(projects, children, strict=True)
            for child in inside
        ]
        loose = [ImportTarget(c) for c in tops if c.ref.kind is not ContainerKind.PROJECT]
        self.targets = tuple(t for t in (*found, *loose) if _takes_imports(t.container))
        self.projects = tuple(p for p in projects if p.can_link)
        self.trouble = None
        if self.chosen is not None:
            self.choose(self.chosen.ref)
        self.changed.notify()

    def choose(self, ref: ContainerRef | None) -> None:
        """Choose a target by its reference; an unknown one or None chooses nothing."""
        self.chosen = next((t for t in self.targets if t.ref == ref), None)
        self.changed.notify()

    async def make(
        self, kind: ContainerKind, name: str, project: ContainerRef | None = None
    ) -> Container:
        """Make a project, dataset (inside ``project`` when given) or screen.

        What an import can go to is chosen at once. Raises NameTaken, PermissionDenied,
        ServerUnreachable.
        """
        parent = project if kind is ContainerKind.DATASET else None
        made = await self._session.server.create_container(kind, name, parent=parent)
        await self.load()
        if kind in IMPORT_TARGETS:
            self.choose(made.ref)
        return made


def _takes_imports(container: Container) -> bool:
    return container.can_link and container.ref.kind in IMPORT_TARGETS
