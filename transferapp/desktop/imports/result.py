"""Confirm a handed-over import: the three promises, live, and where to go next."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.desktop.transfers.promise_panel import PromisePanel
from transferapp.desktop.transfers.promise_texts import promise_lines
from transferapp.desktop.transfers.rows import RowGroup, TransferRow
from transferapp.desktop.transfers.texts import (
    cancelled_text,
    count_text,
    problem_text,
    size_text,
    state_text,
)
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import ElidedLabel, IconLabel, label
from transferapp.desktop.widgets.listening import listen
from transferapp.host.clock import Clock, SystemClock
from transferapp.model.transfers import ItemState

_WIDTH = 520
_STEPS = 1000


class ImportResult(QWidget):
    """The confirmation after Import. ``show_requested`` carries the transfer id.

    Names: ``import.outcome``, ``import.promise.logOff`` (and ``.switchOff``,
    ``.deleteSource``), ``import.showInTransfers``, ``import.another``.
    """

    show_requested = Signal(str)

    def __init__(self, presenter: ImportPresenter, *, clock: Clock | None = None) -> None:
        super().__init__()
        self._presenter = presenter
        self._clock = clock or SystemClock()
        self._icon = IconLabel()
        self._title = label("", "heading")
        self._title.setObjectName("import.outcome")
        self._name = ElidedLabel("", "muted")
        self._facts = label("", "muted", wrap=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the upload")
        self._problem = label("", "bad", wrap=True)
        self._promises = PromisePanel("import.promise")
        self._show_it = button(
            "Show in Transfers",
            "import.showInTransfers",
            role="primary",
            icon_name="mdi6.swap-vertical",
        )
        self._show_it.clicked.connect(self._go_to_transfers)
        self._another = button("Import more", "import.another", icon_name="mdi6.plus")
        self._another.clicked.connect(presenter.result_done)
        self._lay_out()
        listen(self, presenter.result_changed, self._show)
        self._show()

    def _lay_out(self) -> None:
        card = QFrame()
        theme.set_role(card, "card")
        card.setFixedWidth(_WIDTH)
        heading = QHBoxLayout()
        heading.setSpacing(theme.MEDIUM)
        heading.addWidget(self._icon)
        heading.addWidget(self._title, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(self._another)
        buttons.addWidget(self._show_it)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(theme.HUGE, theme.HUGE, theme.HUGE, theme.LARGE)
        inside.setSpacing(theme.SMALL)
        inside.addLayout(heading)
        inside.addWidget(self._name)
        inside.addWidget(self._facts)
        inside.addWidget(self._bar)
        inside.addWidget(self._problem)
        inside.addSpacing(theme.MEDIUM)
        inside.addWidget(self._promises)
        inside.addSpacing(theme.LARGE)
        inside.addLayout(buttons)
        # Stretches and no alignment: only so the card is as high as its wrapped words need.
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card)
        across.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addLayout(across)
        layout.addStretch(2)

    def _show(self) -> None:
        watch = self._presenter.result
        if watch is None:
            return
        row = watch.row
        title, icon_name, colour = _headline(row)
        self._icon.show_icon(icon_name, colour, 28)
        self._title.setText(title)
        self._name.setText(row.name)
        files = count_text(row.files_total, "file")
        where = f" into {row.target}" if row.target else ""
        amount = f"{files}, {size_text(row.bytes_total)}"
        self._facts.setText(f"{_state(row)}: {amount}{where}")
        self._bar.setValue(round(row.fraction * _STEPS))
        self._bar.setVisible(not row.ended)
        problem = problem_text(row.trouble, self._clock.now()) if row.trouble else ""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._promises.show_lines(promise_lines(row))

    def _go_to_transfers(self) -> None:
        watch = self._presenter.result
        if watch is not None:
            self.show_requested.emit(watch.transfer_id)


def _headline(row: TransferRow) -> tuple[str, str, str]:
    """Return the words, the icon's name and its colour."""
    if row.group is RowGroup.ATTENTION:
        return "This import needs attention", "mdi6.alert-circle", "bad"
    if row.ended:
        return _ended_headline(row)
    if row.promises.safe_to_log_off:
        return "You may log off now", "mdi6.check-circle", "good"
    return "Handed over", "mdi6.information", "accent"


def _ended_headline(row: TransferRow) -> tuple[str, str, str]:
    if row.promises.safe_to_delete_source:
        return "Imported and verified", "mdi6.check-circle", "good"
    if row.state is ItemState.IMPORTED and row.left_out_files:
        missed = count_text(row.left_out_files, "file")
        return f"Imported, but for {missed}", "mdi6.alert-circle-outline", "warn"
    return _state(row), "mdi6.information", "text_muted"


def _state(row: TransferRow) -> str:
    if row.state is ItemState.CANCELLED:
        return cancelled_text(row.kind, row.filesets_done, row.fileset_count)
    return state_text(row.state)
