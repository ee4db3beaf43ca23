"""Where an import can go: projects, datasets and screens to choose from or to make."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferapp.desktop.presenters.observable import Listeners
from transferapp.errors import TransferAppError
from transferapp.model.containers import Container, ContainerKind, ContainerRef

if TYPE_CHECKING:
    from transferapp.desktop.presenters.session import SessionPresenter


@dataclass(frozen=True, slots=True)
class Target:
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
        self.targets: tuple[Target, ...] = ()
        #: Projects that a new dataset can be put into.
        self.projects: tuple[Container, ...] = ()
        self.chosen: Target | None = None
        self.trouble: TransferAppError | None = None
        self.changed: Listeners[[]] = Listeners()

    async def load(self) -> None:
        """Ask the server for what the person may import into; trouble is kept to show."""
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
            Target(child, project.name)
            for project, inside in zip(projects, children, strict=True)
            for child in inside
        ]
        loose = [Target(c) for c in tops if c.ref.kind is not ContainerKind.PROJECT]
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

    async def new_project(self, name: str) -> Container:
        """Make a project; raises NameTaken, PermissionDenied, ServerUnreachable."""
        project = await self._session.server.create_container(ContainerKind.PROJECT, name)
        await self.load()
        return project

    async def new_dataset(self, name: str, project: ContainerRef | None) -> Target:
        """Make a dataset (inside a project when given) and choose it."""
        made = await self._session.server.create_container(
            ContainerKind.DATASET, name, parent=project
        )
        return await self._choose_new(made)

    async def new_screen(self, name: str) -> Target:
        """Make a screen and choose it."""
        made = await self._session.server.create_container(ContainerKind.SCREEN, name)
        return await self._choose_new(made)

    async def _choose_new(self, made: Container) -> Target:
        await self.load()
        self.choose(made.ref)
        if self.chosen is None:  # Made, but the list could not be read again.
            self.targets = (*self.targets, Target(made))
            self.choose(made.ref)
        assert self.chosen is not None  # noqa: S101 - it was just put into the list
        return self.chosen


def _takes_imports(container: Container) -> bool:
    return container.can_link and container.ref.kind in {
        ContainerKind.DATASET,
        ContainerKind.SCREEN,
    }
