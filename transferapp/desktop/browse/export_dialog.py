"""Ask where an export goes, say what it will bring, and queue it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.browse.export_summary_line import ExportSummaryLine, Summarize
from transferapp.desktop.browse.export_texts import (
    FORM_NAMES,
    LAYOUT_NAMES,
    form_text,
    forms_offered,
    part_text,
)
from transferapp.desktop.loop import spawn
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.dialog import Dialog
from transferapp.desktop.widgets.labels import label
from transferapp.errors import Invalid, TransferAppError
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import ExportForm, ExportSpec


class ExportDialog(Dialog):
    """Use ``open()``. Names: ``export.form``, ``.annotations``, ``.layout``, ``.folder``,
    ``.choose``, ``.start``, ``.cancel``, and those of ExportSummaryLine.
    """

    def __init__(
        self,
        what: str,
        folder: Path,
        start: Callable[[Path, ExportSpec], Awaitable[None]],
        parent: QWidget | None = None,
        *,
        spec: ExportSpec,
        summarize: Summarize,
    ) -> None:
        """``what`` is the heading; ``start`` queues the export and may raise our errors.
        ``spec`` says which part is exported, and which form is chosen at first; ``summarize``
        asks what it would bring.
        """
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle("Export")
        self.setMinimumWidth(520)
        self._start = start
        self._what = what
        self._cut = spec.cut
        self._form = QComboBox()
        self._form.setObjectName("export.form")
        self._form.setAccessibleName("Form")
        for form in forms_offered(spec):
            self._form.addItem(FORM_NAMES[form], form)
        self._form.setCurrentIndex(max(0, self._form.findData(spec.form)))
        self._form.currentIndexChanged.connect(self._form_chosen)
        self._annotations = QCheckBox("Tags, key-values and ROIs beside each image")
        self._annotations.setObjectName("export.annotations")
        self._annotations.setToolTip("As JSON and CSV; each image comes in a folder of its own")
        self._layout = QComboBox()
        self._layout.setObjectName("export.layout")
        self._layout.setAccessibleName("Sorted")
        for layout, name in LAYOUT_NAMES.items():
            self._layout.addItem(name, layout)
        self._layout.setCurrentIndex(max(0, self._layout.findData(spec.layout)))
        self._part = label(part_text(spec), "muted", wrap=True)
        self._explained = label("", "muted", wrap=True)
        self._summary = ExportSummaryLine(summarize)
        self.finished.connect(lambda _result: self._summary.stop())
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
        self._form_chosen()
        self._check()

    def _lay_out(self) -> None:
        cancel = button("Cancel", "export.cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._submit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, theme.LARGE, theme.LARGE, theme.LARGE)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(label(self._what, "heading"))
        self._part.setVisible(bool(self._part.text()))
        layout.addWidget(self._part)
        layout.addWidget(
            label(
                "It runs in the background; you may sign out meanwhile. Each image arrives"
                " whole, in a folder or file of its own; what is there already is not touched.",
                "muted",
                wrap=True,
            )
        )
        layout.addSpacing(theme.SMALL)
        layout.addWidget(self._banner)
        form = label("As", "caption")
        form.setBuddy(self._form)
        layout.addWidget(form)
        layout.addWidget(self._form)
        layout.addWidget(self._explained)
        layout.addWidget(self._annotations)
        layout.addWidget(self._summary)
        layout.addSpacing(theme.SMALL)
        self._lay_out_place(layout)
        layout.addSpacing(theme.MEDIUM)
        layout.addLayout(buttons)

    def _lay_out_place(self, layout: QVBoxLayout) -> None:
        """Which folder, and how it is sorted."""
        choose = button("Choose…", "export.choose")
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.setSpacing(theme.SMALL)
        row.addWidget(self._folder, 1)
        row.addWidget(choose)
        caption = label("Into the folder", "caption")
        caption.setBuddy(self._folder)
        sorted_as = label("Sorted", "caption")
        sorted_as.setBuddy(self._layout)
        layout.addWidget(caption)
        layout.addLayout(row)
        layout.addWidget(sorted_as)
        layout.addWidget(self._layout)

    def _chosen_spec(self) -> ExportSpec:
        form = ExportForm(self._form.currentData())
        annotated = form.converts and self._annotations.isChecked()
        layout = ExportLayout(self._layout.currentData())
        return ExportSpec(form, self._cut, annotated, layout)

    def _form_chosen(self) -> None:
        spec = self._chosen_spec()
        self._annotations.setEnabled(spec.form.converts)
        self._explained.setText(form_text(spec.form))
        self._summary.count(spec)

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
            await self._start(folder, self._chosen_spec())
        except TransferAppError as error:
            self._banner.show_error(error)
            self._check()
        else:
            self.accept()
