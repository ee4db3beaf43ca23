"""Choose where an import goes, or make the place."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QToolButton, QWidget

from transferapp.desktop.presenters.targets import Target, TargetsPresenter
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.name_dialog import NameDialog, NameWish
from transferapp.model.containers import ContainerKind

_ICONS = {
    ContainerKind.DATASET: "mdi6.folder-outline",
    ContainerKind.SCREEN: "mdi6.dots-grid",
}


class TargetPicker(QWidget):
    """A list of datasets (by project) and screens, with a button to make new ones.

    ``chosen_changed`` carries the Target or None. Names: ``import.target`` (the list),
    ``import.newTarget`` (the button).
    """

    chosen_changed = Signal(object)

    def __init__(self, presenter: TargetsPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._shown: Target | None = None
        self._list = QComboBox()
        self._list.setObjectName("import.target")
        self._list.setAccessibleName("Import into")
        self._list.setMinimumWidth(260)
        self._list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContentsOnFirstShow)
        self._list.activated.connect(self._picked)
        self._new = self._new_button()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._new)
        self.setFocusProxy(self._list)
        listen(self, presenter.changed, self._show)
        self._show()

    def _new_button(self) -> QToolButton:
        made = QToolButton()
        made.setObjectName("import.newTarget")
        made.setText("New")
        made.setIcon(theme.icon("mdi6.folder-plus-outline"))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setToolTip("Make a new dataset, project or screen")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.set_role(made, "menu")
        menu = QMenu(made)
        for text, kind in (
            ("New dataset…", ContainerKind.DATASET),
            ("New project…", ContainerKind.PROJECT),
            ("New screen…", ContainerKind.SCREEN),
        ):
            action = menu.addAction(text)
            action.setObjectName(f"import.new{kind}")
            action.triggered.connect(lambda _on=False, k=kind: self.ask_new(k))
        made.setMenu(menu)
        return made

    def ask_new(self, kind: ContainerKind) -> None:
        """Open the dialog for a new container."""
        dialog = NameDialog(kind, self._presenter.projects, parent=self.window())
        chosen = self._presenter.chosen
        if chosen is not None:
            dialog.choose_project(chosen.container.parent)
        dialog.on_accept(lambda wish: self._make(kind, wish))
        dialog.open()

    async def _make(self, kind: ContainerKind, wish: NameWish) -> None:
        match kind:
            case ContainerKind.PROJECT:
                await self._presenter.new_project(wish.name)
            case ContainerKind.SCREEN:
                await self._presenter.new_screen(wish.name)
            case _:
                await self._presenter.new_dataset(wish.name, wish.project)

    def _picked(self, _row: int) -> None:
        target = self._list.currentData()
        self._presenter.choose(target.ref if isinstance(target, Target) else None)

    def _show(self) -> None:
        model = QStandardItemModel(self._list)
        project = None
        for target in self._presenter.targets:
            if target.project_name != project and target.project_name:
                model.appendRow(_heading(target.project_name))
            project = target.project_name
            model.appendRow(_row(target))
        self._list.setModel(model)
        self._list.setPlaceholderText(self._placeholder())
        rows = (i for i in range(model.rowCount()) if self._is_chosen(self._list.itemData(i)))
        self._list.setCurrentIndex(next(rows, -1))
        if self._presenter.chosen != self._shown:
            self._shown = self._presenter.chosen
            self.chosen_changed.emit(self._shown)

    def _placeholder(self) -> str:
        if self._presenter.trouble is not None:
            return self._presenter.trouble.title
        return "Choose a dataset" if self._presenter.targets else "Make a dataset first: New"

    def _is_chosen(self, data: object) -> bool:
        return isinstance(data, Target) and data == self._presenter.chosen


def _heading(text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _row(target: Target) -> QStandardItem:
    item = QStandardItem(theme.icon(_ICONS[target.ref.kind]), target.label)
    item.setData(target, Qt.ItemDataRole.UserRole)
    item.setToolTip(f"{target.ref.kind}: {target.label}")
    return item
