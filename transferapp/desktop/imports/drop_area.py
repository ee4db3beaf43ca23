"""Take files and folders, dropped or chosen: the friendly front door of an import."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QFrame, QVBoxLayout
from typing_extensions import override

from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import ElidedLabel, IconLabel, label

_ICON = "mdi6.tray-arrow-down"


class DropArea(QFrame):
    """A place to drop files, with buttons for those who do not drag. ``chosen`` has paths.

    Names: ``import.drop`` (itself), ``import.addFiles``, ``import.addFolder``.
    """

    chosen = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("import.drop")
        self.setAccessibleName("Drop files or folders here")
        self.setAcceptDrops(True)
        theme.set_role(self, "drop")
        self._icon = IconLabel()
        self._title = ElidedLabel("", "heading")
        self._hint = label("OME-TIFF, OME-Zarr, CZI, ND2, PNG… or whole folders", "muted")
        self._files = button(
            "Add files…",
            "import.addFiles",
            icon_name="mdi6.file-plus-outline",
            tip="Choose image files (Ctrl+O)",
        )
        self._folder = button(
            "Add folder…",
            "import.addFolder",
            icon_name="mdi6.folder-plus-outline",
            tip="Choose a folder with everything in it",
        )
        self._files.clicked.connect(self.ask_files)
        self._folder.clicked.connect(self._ask_folder)
        self._text = QVBoxLayout()
        self._text.setSpacing(2)
        self._text.addWidget(self._title)
        self._text.addWidget(self._hint)
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(theme.SMALL)
        self._buttons.addWidget(self._files)
        self._buttons.addWidget(self._folder)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self.set_compact(compact=False)

    def set_compact(self, *, compact: bool) -> None:
        """Be a strip above the list, or fill the page while there is no list."""
        while self._layout.count():
            self._layout.takeAt(0)
        right, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(right if compact else down)
        edge = 28 if compact else 64
        self._icon.show_icon(_ICON, "accent", edge)
        side = Qt.AlignmentFlag.AlignLeft if compact else Qt.AlignmentFlag.AlignHCenter
        for part in (self._icon, self._title, self._hint):
            part.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self._title.setText("Drop more here" if compact else "Drop image files or folders here")
        self._hint.setVisible(not compact)
        margin = theme.MEDIUM if compact else theme.HUGE
        self._layout.setContentsMargins(margin + 4, margin, margin, margin)
        self._layout.setSpacing(theme.MEDIUM)
        if compact:
            self._layout.addWidget(self._icon)
            self._layout.addLayout(self._text, 1)
            self._layout.addLayout(self._buttons)
            return
        self._layout.addStretch(2)
        self._layout.addWidget(self._icon)
        self._layout.addLayout(self._text)
        self._layout.addSpacing(theme.SMALL)
        self._layout.addLayout(self._buttons)
        self._layout.setAlignment(self._buttons, Qt.AlignmentFlag.AlignHCenter)
        self._layout.addStretch(3)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Light up for local files."""
        if local_paths(event.mimeData()):
            self._light(on=True)
            event.acceptProposedAction()

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Go dark again."""
        self._light(on=False)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Take the files."""
        self._light(on=False)
        event.acceptProposedAction()
        self.chosen.emit(local_paths(event.mimeData()))

    def _light(self, *, on: bool) -> None:
        self.setProperty("active", on)
        theme.restyle(self)

    def ask_files(self) -> None:
        """Let the person choose files."""
        self._ask("Add files", QFileDialog.FileMode.ExistingFiles)

    def _ask_folder(self) -> None:
        self._ask("Add folder", QFileDialog.FileMode.Directory)

    def _ask(self, title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self.window(), title)
        dialog.setObjectName("import.fileDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.filesSelected.connect(lambda names: self.chosen.emit([Path(n) for n in names]))
        dialog.open()  # Never exec: transfers go on while it is open.


def local_paths(mime: QMimeData) -> list[Path]:
    """Return the local files and folders of a drag."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
