"""The Import page: drop, check, choose the target, press Import, log off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.desktop.imports.drop_area import DropArea
from transferapp.desktop.imports.fileset_list import FilesetList
from transferapp.desktop.imports.form import ImportForm
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.desktop.imports.result import ImportResult
from transferapp.desktop.loop import spawn, starts
from transferapp.desktop.session.background import kept_going
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.page import PageWidget

_SECOND = "Importing makes second copies."


class ImportPage(PageWidget):
    """Everything about a new import. ``show_transfer`` carries the id of the one that was
    handed over, when the person wants to see it on the Transfers page.
    """

    title = "Import"
    icon_name = "mdi6.tray-arrow-up"
    show_transfer = Signal(str)

    def __init__(self, presenter: ImportPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._looker_started = False
        self.banner.closed.connect(presenter.dismiss_problem)
        self._drop = DropArea()
        self._drop.chosen.connect(self.add_paths)
        self._progress = _ScanningBar(presenter)
        self._known = MessageBanner("import.alreadyThere", action="Leave these out")
        self._known.action.clicked.connect(starts(presenter.leave_out_duplicates))
        self._known.action.setToolTip(
            "Takes away the ticks. Files that look the same are read and compared first."
        )
        self._known.closed.connect(presenter.dismiss_already_there)
        self._list = FilesetList(presenter)
        self._form = ImportForm(presenter)
        self._result = ImportResult(presenter)
        self._result.show_requested.connect(self.show_transfer)
        self._stack = QStackedWidget()
        self._lay_out()
        self._add_shortcuts()
        for changes in (presenter.changed, presenter.rows_changed, presenter.result_changed):
            listen(self, changes, self._show)
        self._show()

    @override
    def activated(self) -> None:
        """Read the targets again; begin to look after doubtful filesets."""
        spawn(self._presenter.targets.load())
        if not self._looker_started:
            self._looker_started = True
            looker = kept_going("looking at doubtful filesets", self._presenter.keep_scanning)
            spawn(looker.run(), name=looker.name)

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Look at files and folders that were dropped here or elsewhere on the window."""
        spawn(self._presenter.add(list(paths)))

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.MEDIUM)
        left.addWidget(self._drop)
        left.addWidget(self._progress)
        left.addWidget(self._known)
        left.addWidget(self._list, 1)
        compose = QWidget()
        across = QHBoxLayout(compose)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(theme.LARGE)
        across.addLayout(left, 1)
        across.addWidget(self._form)
        self._left = left
        self._stack.addWidget(compose)
        self._stack.addWidget(self._result)
        self.body.addWidget(self._stack, 1)

    def _add_shortcuts(self) -> None:
        keys = QKeySequence.StandardKey
        QShortcut(keys.Open, self).activated.connect(self._drop.ask_files)
        QShortcut(QKeySequence("F5"), self).activated.connect(
            starts(self._presenter.check_again)
        )
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self._form.press)

    def _show(self) -> None:
        presenter = self._presenter
        self._stack.setCurrentIndex(0 if presenter.result is None else 1)
        listed = bool(presenter.rows)
        if self._list.isVisibleTo(self) != listed or not self._list.property("laidOut"):
            self._list.setProperty("laidOut", True)  # noqa: FBT003 - Qt's own signature
            self._list.setVisible(listed)
            self._drop.set_compact(compact=listed)
            self._left.setStretchFactor(self._drop, 0 if listed else 1)
        there = presenter.already_there
        there += f" {_SECOND}" if there else ""
        self._known.show_while(there, "Already there", tone="info")
        self._known.action.setEnabled(presenter.scanning is None)
        if presenter.trouble is None:
            self.banner.hide()
        else:
            self.banner.show_error(presenter.trouble)


class _ScanningBar(QFrame):
    """How far looking at the files is, with a way to stop it; hidden otherwise."""

    def __init__(self, presenter: ImportPresenter) -> None:
        super().__init__()
        theme.set_role(self, "card")
        self._presenter = presenter
        self._text = label("")
        self._text.setObjectName("import.looking")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        stop = button("Stop", "import.cancelScan", role="quiet", icon_name="mdi6.stop")
        stop.clicked.connect(presenter.cancel_scan)
        text = QVBoxLayout()
        text.setSpacing(theme.TIGHT)
        text.addWidget(self._text)
        text.addWidget(self._bar)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.MEDIUM, theme.SMALL, theme.SMALL, theme.SMALL)
        layout.setSpacing(theme.MEDIUM)
        layout.addLayout(text, 1)
        layout.addWidget(stop)
        listen(self, presenter.changed, self._show)
        self._show()

    def _show(self) -> None:
        progress = self._presenter.scanning
        self.setVisible(progress is not None)
        if progress is not None:
            self._text.setText(self._presenter.scanning_text)
            done, total = progress.share
            self._bar.setRange(0, total)  # 0: it only shows that something goes on.
            self._bar.setValue(done)
