"""Ask where an export goes, say what it will bring, and queue it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.loop import spawn
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.errors import Invalid, TransferAppError


class ExportDialog(QDialog):
    """Use ``open()``. Names: ``export.folder``, ``.choose``, ``.start``, ``.cancel``."""

    def __init__(
        self,
        what: str,
        folder: Path,
        start: Callable[[Path], Awaitable[None]],
        parent: QWidget | None = None,
    ) -> None:
        """``what`` is the heading; ``start`` queues the export and may raise our errors."""
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle("Export")
        self.setMinimumWidth(520)
        self._start = start
        self._what = what
        self._banner = MessageBanner("export.banner")
        self._folder = QLineEdit(str(folder))
        self._folder.setObjectName("export.folder")
        self._folder.setAccessibleName("Folder")
        self._folder.textChanged.connect(self._check)
        self._submit = button(
            "Export", "export.start", role="primary", icon_name="mdi6.download-outline"
        )
        self._submit.setDefault(True)
        self._submit.clicked.connect(self._run)
        self._lay_out()
        self._check()

    def _lay_out(self) -> None:
        choose = button("Choose…", "export.choose")
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        cancel = button("Cancel", "export.cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(theme.SMALL)
        row.addWidget(self._folder, 1)
        row.addWidget(choose)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._submit)
        caption = label("Into the folder", "caption")
        caption.setBuddy(self._folder)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, theme.LARGE, theme.LARGE, theme.LARGE)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(label(self._what, "heading"))
        layout.addWidget(
            label(
                "The original files are fetched in the background and checked byte for byte."
                " Each image arrives whole, in a folder or file of its own; what is there"
                " already is not touched. You may sign out meanwhile.",
                "muted",
                wrap=True,
            )
        )
        layout.addSpacing(theme.SMALL)
        layout.addWidget(self._banner)
        layout.addWidget(caption)
        layout.addLayout(row)
        layout.addSpacing(theme.MEDIUM)
        layout.addLayout(buttons)

    def _check(self) -> None:
        self._submit.setEnabled(bool(self._folder.text().strip()))

    def _choose(self) -> None:
        chooser = QFileDialog(self, "Export into", self._folder.text())
        chooser.setObjectName("export.folderDialog")
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly)
        chooser.fileSelected.connect(self._folder.setText)
        chooser.finished.connect(chooser.deleteLater)
        chooser.open()

    def _run(self) -> None:
        spawn(self._queue(Path(self._folder.text().strip()).expanduser()), name="export")

    async def _queue(self, folder: Path) -> None:
        self._submit.setEnabled(False)
        try:
            if not folder.is_absolute():
                raise Invalid("Write the whole path of the folder, or choose it.")
            await self._start(folder)
        except TransferAppError as error:
            self._banner.show_error(error)
            self._check()
        else:
            self.accept()
