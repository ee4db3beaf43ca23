"""Ask where an export goes, say what it will bring, and queue it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.browse.export_destinations import ExportDestination
from transferapp.desktop.browse.export_summary_line import ExportSummaryLine, Summarize
from transferapp.desktop.browse.export_texts import (
    FORM_NAMES,
    LAYOUT_NAMES,
    form_text,
    forms_offered,
    part_text,
)
from transferapp.desktop.browse.export_where import (
    ExportFolderLine,
    ExportPlaceChoice,
    ListPlaces,
)
from transferapp.desktop.loop import spawn
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.dialog import Dialog
from transferapp.desktop.widgets.labels import label
from transferapp.errors import TransferAppError
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import ExportForm, ExportSpec


@dataclass(frozen=True, slots=True)
class ExportCalls:
    """What the dialog asks for; each may raise our errors. ``start`` queues the export."""

    start: Callable[[ExportDestination, ExportSpec], Awaitable[None]]
    summarize: Summarize
    places: ListPlaces


#: Pixels; of a place there is more to read, and it must fit a screen of 800 lines.
_WIDTH, _WIDTH_AT_PLACE = 520, 640


class ExportDialog(Dialog):
    """Use ``open()``. Names: ``export.form``, ``.annotations``, ``.layout``, ``.start``,
    ``.cancel``, and those of ExportPlaceChoice, ExportSummaryLine and ExportFolderLine.
    """

    def __init__(
        self,
        what: str,
        folder: Path,
        calls: ExportCalls,
        parent: QWidget | None = None,
        *,
        spec: ExportSpec,
    ) -> None:
        """``what`` is the heading; ``folder`` of this computer is offered at first. ``spec``
        says which part is exported, and which form is chosen at first.
        """
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle("Export")
        self.setMinimumWidth(_WIDTH)
        self._start = calls.start
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
        self._summary = ExportSummaryLine(calls.summarize)
        self.finished.connect(lambda _result: self._summary.stop())
        self._banner = MessageBanner("export.banner")
        self._place = ExportPlaceChoice()
        self._place.chosen.connect(self._place_chosen)
        self._folder = ExportFolderLine(str(folder))
        self._folder.changed.connect(self._check)
        self._submit = button(
            "Export", "export.start", role="primary", icon_name="mdi6.download-outline"
        )
        self._submit.setDefault(True)
        self._submit.clicked.connect(self._run)
        self._lay_out()
        self._form_chosen()
        self._check()
        self._place.offer(calls.places)

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
        layout.addWidget(self._place)
        layout.addWidget(self._summary)
        layout.addSpacing(theme.SMALL)
        layout.addWidget(self._folder)
        sorted_as = label("Sorted", "caption")
        sorted_as.setBuddy(self._layout)
        layout.addWidget(sorted_as)
        layout.addWidget(self._layout)
        layout.addSpacing(theme.MEDIUM)
        layout.addLayout(buttons)

    def _chosen_spec(self) -> ExportSpec:
        form = ExportForm(self._form.currentData())
        annotated = form.converts and self._annotations.isChecked()
        layout = ExportLayout(self._layout.currentData())
        return ExportSpec(form, self._cut, annotated, layout)

    def _form_chosen(self) -> None:
        spec = self._chosen_spec()
        self._annotations.setEnabled(spec.form.converts)
        self._explained.setText(form_text(spec.form))
        self._summary.count(spec, self._place.place)

    def _place_chosen(self) -> None:
        if self._place.place:
            self.setMinimumWidth(_WIDTH_AT_PLACE)
        self._folder.ask_for(self._place.place)
        self._summary.count(self._chosen_spec(), self._place.place)

    def _check(self) -> None:
        self._submit.setEnabled(self._folder.is_complete)

    def _run(self) -> None:
        spawn(self._queue(), name="export")

    async def _queue(self) -> None:
        self._submit.setEnabled(False)
        try:
            await self._start(self._folder.destination(), self._chosen_spec())
        except TransferAppError as error:
            self._banner.show_error(error)
            self._check()
        else:
            self.accept()
