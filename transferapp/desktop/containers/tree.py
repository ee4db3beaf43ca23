"""The containers as far as they were opened: projects, datasets, screens, plates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transferapp.desktop.session.observable import Listeners

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.model.containers import Container, ContainerRef


class ContainerTree:
    """Children by parent (None: the tops), loaded when a node is opened.

    ``loaded`` tells which parent's children have changed.
    """

    def __init__(self, session: SessionPresenter) -> None:
        self._session = session
        self._children: dict[ContainerRef | None, tuple[Container, ...]] = {}
        self.loaded: Listeners[[ContainerRef | None]] = Listeners()

    def children(self, parent: ContainerRef | None) -> tuple[Container, ...] | None:
        """Return the children that are known; None when they were never loaded."""
        return self._children.get(parent)

    def find(self, ref: ContainerRef) -> Container | None:
        """Return a container that was loaded."""
        known = (c for children in self._children.values() for c in children)
        return next((c for c in known if c.ref == ref), None)

    def path_names(self, ref: ContainerRef | None) -> list[str]:
        """Return the names from the top to ``ref``."""
        names: list[str] = []
        while ref is not None and (container := self.find(ref)) is not None:
            names.insert(0, container.name)
            ref = container.parent
        return names

    async def load(self, parent: ContainerRef | None = None) -> None:
        """Ask for children; ``loaded`` tells only when they differ from those known."""
        server = self._session.server
        children = tuple(await server.containers(parent))
        if self._children.get(parent) != children:
            self._children[parent] = children
            self.loaded.notify(parent)

    async def refresh(self) -> None:
        """Ask again for everything that was opened; what is gone is dropped."""
        await self.load(None)
        for parent in [ref for ref in self._children if ref is not None]:
            if self.find(parent) is None:
                del self._children[parent]
            else:
                await self.load(parent)

    def clear(self) -> None:
        """Forget everything: another person signs in."""
        self._children.clear()
        self.loaded.notify(None)
