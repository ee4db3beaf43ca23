"""Choose where an import goes, or make the place."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.desktop.containers.targets import ImportTarget, TargetsPresenter
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.name_dialog import NameDialog, RequestedName
from transferapp.desktop.widgets.tips import tip_text
from transferapp.model.containers import ContainerKind, ContainerRef

ICONS = {
    ContainerKind.PROJECT: "mdi6.folder-multiple-outline",
    ContainerKind.DATASET: "mdi6.folder-outline",
    ContainerKind.SCREEN: "mdi6.dots-grid",
    ContainerKind.PLATE: "mdi6.grid",
}
_TARGET = Qt.ItemDataRole.UserRole


class TargetPicker(QWidget):
    """A tree of projects with their datasets, and of screens, with a button to make new ones.

    ``chosen_changed`` carries the Target or None. Names: ``import.target`` (the tree),
    ``import.targetFilter``, ``import.newTarget`` (the button with its menu).
    """

    chosen_changed = Signal(object)
    _pressed_heading = Signal()

    def __init__(self, presenter: TargetsPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._shown: ImportTarget | None = None
        self._filling = False
        self._rows_of: object = None
        self._model = QStandardItemModel(self)
        self._tree = self._make_tree()
        self._filter = QLineEdit()
        self._filter.setObjectName("import.targetFilter")
        self._filter.setPlaceholderText("Find a project or dataset")
        self._filter.setAccessibleName("Find a project or dataset")
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._fill)
        self._empty = label("", "muted", wrap=True)
        self._empty.setObjectName("import.targetEmpty")
        tools = QHBoxLayout()
        tools.setSpacing(theme.SMALL)
        tools.addWidget(self._filter, 1)
        tools.addWidget(self._new_button())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SMALL)
        layout.addLayout(tools)
        layout.addWidget(self._empty)
        layout.addWidget(self._tree, 1)
        self.setFocusProxy(self._tree)
        queued = Qt.ConnectionType.QueuedConnection
        self._pressed_heading.connect(self._show_chosen, queued)
        listen(self, presenter.changed, self._show)
        self._show()

    def ask_new(self, kind: ContainerKind) -> None:
        """Open the dialog for a new container."""
        dialog = NameDialog(kind, self._presenter.projects, parent=self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self._presenter.chosen
        if chosen is not None:
            dialog.choose_project(chosen.container.parent)

        async def make(request: RequestedName) -> None:
            await self._presenter.make(kind, request.name, request.project)

        dialog.on_accept(make)
        dialog.open()

    def _make_tree(self) -> QTreeView:
        tree = _Tree()
        tree.setObjectName("import.target")
        tree.setAccessibleName("Import into")
        tree.setModel(self._model)
        tree.setHeaderHidden(True)
        tree.setUniformRowHeights(True)
        tree.setIconSize(theme.icon_size())
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setMinimumHeight(108)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.selectionModel().selectionChanged.connect(self._picked)
        return tree

    def _new_button(self) -> QToolButton:
        made = QToolButton()
        made.setObjectName("import.newTarget")
        made.setText("New")
        made.setIcon(theme.icon("mdi6.folder-plus-outline"))
        made.setIconSize(theme.icon_size())
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setToolTip("Make a new dataset, project or screen")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.set_role(made, "menu")
        menu = QMenu(made)
        for kind in (ContainerKind.DATASET, ContainerKind.PROJECT, ContainerKind.SCREEN):
            action = menu.addAction(theme.icon(ICONS[kind]), f"New {kind.lower()}…")
            action.setObjectName(f"import.new{kind}")
            action.triggered.connect(lambda _on=False, k=kind: self.ask_new(k))
        made.setMenu(menu)
        return made

    def _picked(self, selected: QItemSelection) -> None:
        if self._filling:
            return
        indexes = selected.indexes()
        target = indexes[0].data(_TARGET) if indexes else None
        if isinstance(target, ImportTarget):
            self._presenter.choose(target.ref)
        else:  # A project was pressed: what is chosen stays, shown after the press.
            self._pressed_heading.emit()

    def _show(self) -> None:
        shown = (self._presenter.targets, self._presenter.projects, self._presenter.trouble)
        # Never rebuilt for another choice alone: this runs inside the view's own mouse press.
        if shown != self._rows_of:
            self._rows_of = shown
            self._fill()
        else:
            self._show_chosen()
        if self._presenter.chosen != self._shown:
            self._shown = self._presenter.chosen
            self.chosen_changed.emit(self._shown)

    def _fill(self) -> None:
        wanted = self._filter.text().casefold()
        self._filling = True
        self._model.clear()
        self._add_rows(wanted)
        self._tree.expandAll()
        self._filling = False
        self._show_chosen()
        self._show_when_empty(filtered=bool(wanted))

    def _show_chosen(self) -> None:
        chosen = self._presenter.chosen
        index = self._index_of(chosen) if chosen is not None else QModelIndex()
        if self._tree.selectionModel().isSelected(index):
            return
        self._filling = True
        self._tree.setCurrentIndex(index)
        if index.isValid():
            self._tree.scrollTo(index)
        else:
            self._tree.clearSelection()
        self._filling = False

    def _index_of(self, target: ImportTarget) -> QModelIndex:
        tops = [self._model.item(row) for row in range(self._model.rowCount())]
        below = [top.child(row) for top in tops for row in range(top.rowCount())]
        found = (row for row in (*tops, *below) if row.data(_TARGET) == target)
        row = next(found, None)
        return row.index() if row is not None else QModelIndex()

    def _add_rows(self, wanted: str) -> None:
        projects: dict[ContainerRef | None, QStandardItem] = {}
        for project in self._presenter.projects:
            if wanted in project.name.casefold():
                self._project_row(projects, project.ref, project.name)
        for target in self._presenter.targets:
            if wanted not in target.label.casefold():
                continue
            row = _row(target)
            above = target.container.parent
            if above is not None:
                self._project_row(projects, above, target.project_name).appendRow(row)
            else:
                self._model.appendRow(row)

    def _project_row(
        self, rows: dict[ContainerRef | None, QStandardItem], ref: ContainerRef, name: str
    ) -> QStandardItem:
        if ref not in rows:
            rows[ref] = QStandardItem(theme.icon(ICONS[ContainerKind.PROJECT]), name)
            # A project is a heading here: images go into its datasets.
            rows[ref].setFlags(Qt.ItemFlag.ItemIsEnabled)
            self._model.appendRow(rows[ref])
        return rows[ref]

    def _show_when_empty(self, *, filtered: bool) -> None:
        problem = self._presenter.trouble
        if problem is not None:
            text = f"{problem.title}. {problem.message}"
        elif filtered:
            text = "Nothing has this name."
        else:
            text = "There is no dataset yet. Press New to make one."
        is_empty = self._model.rowCount() == 0
        self._empty.setText(text)
        self._empty.setVisible(is_empty)
        self._tree.setVisible(not is_empty)


class _Tree(QTreeView):
    """Keeps what is chosen in sight when the window, and with it the tree, changes."""

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scroll to it."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())


def _row(target: ImportTarget) -> QStandardItem:
    item = QStandardItem(theme.icon(ICONS[target.ref.kind]), target.container.name)
    item.setData(target, _TARGET)
    item.setToolTip(tip_text(f"{target.ref.kind}: {target.label}"))
    item.setSizeHint(QSize(0, 30))
    return item
