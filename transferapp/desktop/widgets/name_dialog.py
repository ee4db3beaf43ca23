"""Ask for the name of a new project, dataset or screen, and stay open when it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.loop import spawn
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.dialog import Dialog
from transferapp.desktop.widgets.labels import label
from transferapp.errors import TransferAppError
from transferapp.model.containers import Container, ContainerKind, ContainerRef


@dataclass(frozen=True, slots=True)
class RequestedName:
    """What was typed: the name and, for a dataset, the project it goes into."""

    name: str
    project: ContainerRef | None = None


class NameDialog(Dialog):
    """Name (and project) of a new container. Open it with ``open()``, never ``exec``.

    Names: ``newContainer.name``, ``.project``, ``.create``, ``.cancel``.
    """

    def __init__(
        self,
        kind: ContainerKind,
        projects: Sequence[Container] = (),
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("newContainer")
        self.setWindowTitle(f"New {kind.lower()}")
        self.setMinimumWidth(420)
        self._action: Callable[[RequestedName], Awaitable[None]] | None = None
        self._banner = MessageBanner("newContainer.banner")
        self._name = QLineEdit()
        self._name.setObjectName("newContainer.name")
        self._name.setMaxLength(255)
        self._name.textChanged.connect(self._check)
        self._project = QComboBox()
        self._project.setObjectName("newContainer.project")
        for project in projects:
            self._project.addItem(project.name, project.ref)
        self._project.addItem("No project", None)
        self._create = button("Create", "newContainer.create", role="primary")
        self._create.setDefault(True)
        self._create.clicked.connect(self._submit)
        self._lay_out(kind)
        self._check()

    def _lay_out(self, kind: ContainerKind) -> None:
        cancel = button("Cancel", "newContainer.cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        form = QFormLayout()
        form.setSpacing(theme.MEDIUM)
        form.addRow("Name", self._name)
        if kind is ContainerKind.DATASET:
            form.addRow("In project", self._project)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._create)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, theme.LARGE, theme.LARGE, theme.LARGE)
        layout.setSpacing(theme.LARGE)
        layout.addWidget(label(self.windowTitle(), "heading"))
        layout.addWidget(self._banner)
        layout.addLayout(form)
        layout.addLayout(buttons)

    def choose_project(self, ref: ContainerRef | None) -> None:
        """Choose the project that is offered first."""
        rows = (i for i in range(self._project.count()) if self._project.itemData(i) == ref)
        self._project.setCurrentIndex(next(rows, 0))

    def on_accept(self, action: Callable[[RequestedName], Awaitable[None]]) -> None:
        """Set what Create does; the dialog closes when it succeeds, else shows why."""
        self._action = action

    def _check(self) -> None:
        self._create.setEnabled(bool(self._name.text().strip()))

    def _submit(self) -> None:
        spawn(self._run(RequestedName(self._name.text().strip(), self._project.currentData())))

    async def _run(self, request: RequestedName) -> None:
        self._create.setEnabled(False)
        try:
            if self._action is not None:
                await self._action(request)
        except TransferAppError as error:
            self._banner.show_error(error)
            self._name.setFocus()
            self._check()
        else:
            self.accept()
