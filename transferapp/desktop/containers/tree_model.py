"""Show the container tree to a Qt view; children are fetched when a node is opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon
from typing_extensions import override

from transferapp.desktop.containers.tree import ContainerTree
from transferapp.desktop.loop import spawn
from transferapp.model.containers import PARENT_KIND, Container, ContainerKind, ContainerRef

AnyIndex = QModelIndex | QPersistentModelIndex

#: The ContainerRef (None for "All images") and the image count of a row.
REF_ROLE = Qt.ItemDataRole.UserRole
COUNT_ROLE = Qt.ItemDataRole.UserRole + 1
ALL_IMAGES = "All images"
_HOLDS_CONTAINERS = frozenset(PARENT_KIND.values())


@dataclass(eq=False)
class _Node:
    """A row; ``children`` is None until they were asked for."""

    container: Container | None
    parent: _Node | None
    children: list[_Node] | None = None
    asked: bool = field(default=False)

    @property
    def ref(self) -> ContainerRef | None:
        return self.container.ref if self.container else None


class ContainersModel(QAbstractItemModel):
    """Projects, datasets, screens and plates below a first row for all images."""

    def __init__(
        self,
        tree: ContainerTree,
        open_container: Callable[[ContainerRef], Awaitable[None]],
        icons: dict[ContainerKind | None, QIcon],
        parent: QObject | None = None,
    ) -> None:
        """``open_container`` reads a node's children into ``tree`` and shows its own failures.

        ``icons`` by kind; None is the icon of "All images".
        """
        super().__init__(parent)
        self._tree = tree
        self._open_container = open_container
        self._icons = icons
        self._root = _Node(None, None, [])
        self._stop = tree.loaded.listen(self._loaded)
        self.destroyed.connect(lambda *_: self._stop())
        self._loaded(None)

    def index_of(self, ref: ContainerRef | None) -> QModelIndex:
        """Return the row of a container; invalid when it is not loaded."""
        node = self._find(self._root, ref)
        return self._index(node) if node is not None else QModelIndex()

    @override
    def index(
        self,
        row: int,
        column: int,
        parent: AnyIndex = QModelIndex(),  # noqa: B008
    ) -> QModelIndex:
        """Return the index of a child."""
        children = self._node(parent).children or []
        if column != 0 or not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    @override
    def parent(self, index: AnyIndex) -> QModelIndex:  # type: ignore[override]
        """Return the index of the container around."""
        above = self._node(index).parent if index.isValid() else None
        return self._index(above) if above is not None else QModelIndex()

    @override
    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Return how many children are loaded."""
        if parent.column() > 0:
            return 0
        return len(self._node(parent).children or [])

    @override
    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Return one."""
        return 1

    @override
    def hasChildren(self, parent: AnyIndex = QModelIndex()) -> bool:  # noqa: B008
        """Return whether it can be opened, also before it was."""
        node = self._node(parent)
        if node.children is None:
            return _may_hold(node.container)
        return bool(node.children)

    @override
    def canFetchMore(self, parent: AnyIndex) -> bool:
        """Return whether its children were never asked for."""
        node = self._node(parent)
        return node.children is None and not node.asked and _may_hold(node.container)

    @override
    def fetchMore(self, parent: AnyIndex) -> None:
        """Ask for the children."""
        node = self._node(parent)
        if node.ref is not None:
            node.asked = True
            spawn(self._fetch(node, node.ref), name="open container")

    async def _fetch(self, node: _Node, ref: ContainerRef) -> None:
        await self._open_container(ref)
        node.asked = node.children is not None  # It failed: opening it again asks again.

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return name, icon, tip, reference or count of a row."""
        if not index.isValid():
            return None
        container = self._node(index).container
        values: dict[int, Callable[[], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda: container.name if container else ALL_IMAGES,
            Qt.ItemDataRole.DecorationRole: lambda: self._icons[
                container.ref.kind if container else None
            ],
            Qt.ItemDataRole.ToolTipRole: lambda: _tip(container),
            REF_ROLE: lambda: container.ref if container else None,
            COUNT_ROLE: lambda: container.image_count if container else 0,
        }
        return values[role]() if role in values else None

    def _loaded(self, parent: ContainerRef | None) -> None:
        node = self._root if parent is None else self._find(self._root, parent)
        children = self._tree.children(parent)
        if node is None or (children is None and parent is not None):
            return
        fresh: list[Container | None] = [*(children or ())]
        if node is self._root:
            fresh.insert(0, None)  # "All images"
        node.children = node.children or []
        self._drop_gone(node, {_ref(container) for container in fresh})
        for row, container in enumerate(fresh):
            self._put(node, row, container)

    def _drop_gone(self, node: _Node, kept: set[ContainerRef | None]) -> None:
        children = node.children or []
        for row in reversed(range(len(children))):
            if children[row].ref not in kept:
                self.beginRemoveRows(self._index(node), row, row)
                del children[row]
                self.endRemoveRows()

    def _put(self, node: _Node, row: int, container: Container | None) -> None:
        """Renew the row in its place, or insert it there: what is open stays open."""
        children = node.children if node.children is not None else []
        if row < len(children) and children[row].ref == _ref(container):
            children[row].container = container
            index = self.createIndex(row, 0, children[row])
            self.dataChanged.emit(index, index)
            return
        old = next((n for n in children if n.ref == _ref(container)), None)
        if old is not None:  # It has moved: take it out of its old place first.
            self.beginRemoveRows(self._index(node), children.index(old), children.index(old))
            children.remove(old)
            self.endRemoveRows()
        self.beginInsertRows(self._index(node), row, row)
        made = _Node(container, node, [] if container is None else None)
        children.insert(row, made)
        self.endInsertRows()

    def _node(self, index: AnyIndex) -> _Node:
        if not index.isValid():
            return self._root
        node: _Node = index.internalPointer()
        return node

    def _index(self, node: _Node) -> QModelIndex:
        if node.parent is None:
            return QModelIndex()
        return self.createIndex((node.parent.children or []).index(node), 0, node)

    def _find(self, above: _Node, ref: ContainerRef | None) -> _Node | None:
        for node in above.children or []:
            if node.ref == ref:
                return node
            if node.children and (found := self._find(node, ref)) is not None:
                return found
        return None


def _may_hold(container: Container | None) -> bool:
    return (
        container is not None
        and container.ref.kind in _HOLDS_CONTAINERS
        and container.child_count > 0
    )


def _ref(container: Container | None) -> ContainerRef | None:
    return container.ref if container else None


def _tip(container: Container | None) -> str:
    if container is None:
        return "All images that you may see"
    lines = [f"{container.ref.kind}: {container.name}", f"Owner: {container.owner}"]
    if container.description:
        lines.append(container.description)
    return "\n".join(lines)
