"""The Transfers page: all imports and exports of a person, live, and what to do about them."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.desktop.loop import spawn
from transferapp.desktop.transfers.board import RowBatch
from transferapp.desktop.transfers.columns import Column
from transferapp.desktop.transfers.delegates import (
    NameDelegate,
    SafeDelegate,
    StateDelegate,
    fraction_of,
)
from transferapp.desktop.transfers.pane import TransferPane
from transferapp.desktop.transfers.presenter import TransfersPresenter
from transferapp.desktop.transfers.progress_delegate import ProgressDelegate
from transferapp.desktop.transfers.rows import RowGroup
from transferapp.desktop.transfers.table_model import TransfersModel
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import icon_button
from transferapp.desktop.widgets.filter_chips import FilterChips
from transferapp.desktop.widgets.labels import EmptyState
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.page import PageWidget
from transferapp.desktop.widgets.tables import FILL, WideTable

_ALL = "all"
_CHIPS = (
    (_ALL, "All"),
    (RowGroup.RUNNING.value, "Running"),
    (RowGroup.ATTENTION.value, "Needs attention"),
    (RowGroup.DONE.value, "Done"),
)
#: Pixels of Name, Target, State, Progress, Speed, Time left, Safe to, Files, Started.
_WIDTHS = (FILL, 140, 236, 150, 92, 88, 94, 72, 112)
#: What a narrow window does without; the tip of the progress tells speed and time left.
_GIVES_WAY = (Column.FILES, Column.SPEED, Column.TIME_LEFT, Column.TARGET, Column.STARTED)
#: Pixels: the heading and two transfers.
_LEAST_LIST = 130


class TransfersPage(PageWidget):
    """Table above, the selected transfer below. ``images_wanted`` carries image ids and
    the target's reference as text; ``import_requested`` asks for the Import page.
    """

    title = "Transfers"
    icon_name = "mdi6.swap-vertical"
    images_wanted = Signal(list, str)
    import_requested = Signal()
    attention_changed = Signal(int)

    def __init__(self, presenter: TransfersPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._attention = 0
        self.model = TransfersModel(self, clock=presenter.clock)
        self._server_notice = MessageBanner("transfers.serverNotice")
        self._chips = FilterChips("transfers.filter", _CHIPS)
        self._chips.chosen.connect(self._filter)
        self._search = self._make_search()
        self._group: RowGroup | None = None
        self._table = self._make_table()
        self._empty = EmptyState("mdi6.swap-vertical", "No transfers yet")
        self._start = self._empty.add_button("Import images", "transfers.startImport")
        self._start.clicked.connect(self.import_requested)
        self._pane = TransferPane(presenter)
        self._pane.failed.connect(self.banner.show_error)
        self._pane.images_wanted.connect(self.images_wanted)
        self._lay_out()
        self.model.load(presenter.rows)
        listen(self, presenter.batches, self._apply)
        listen(self, presenter.changed, self._show)
        self._show()
        self._show_amounts()
        presenter.start()

    @override
    def activated(self) -> None:
        """Read the list again and take the keyboard."""
        self._presenter.refresh()
        self._table.setFocus()

    def select(self, transfer_id: str) -> None:
        """Show and select one transfer, whatever the filter says."""
        if not self.model.index_of(transfer_id).isValid():
            self._search.clear()
            self._chips.choose(_ALL)
            self._filter(_ALL)
        index = self.model.index_of(transfer_id)
        if index.isValid():
            self._table.setCurrentIndex(index)
            self._table.scrollTo(index)
        else:
            spawn(self._presenter.select(transfer_id))

    # Building -------------------------------------------------------------------------

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setObjectName("transfers.search")
        search.setAccessibleName("Find a transfer by name or target")
        search.setPlaceholderText("Find by name or target")
        search.setClearButtonEnabled(True)
        search.setFixedWidth(260)
        search.textChanged.connect(lambda _text: self._refilter())
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(search.setFocus)
        return search

    def _make_table(self) -> WideTable:
        table = WideTable("transfers.table", _WIDTHS, row_height=44, gives_way=_GIVES_WAY)
        table.setAccessibleName("Transfers")
        table.setModel(self.model)
        table.setSelectionMode(WideTable.SelectionMode.SingleSelection)
        self.model.visible_rows = table.visible_range
        table.setItemDelegateForColumn(Column.NAME, NameDelegate(table))
        table.setItemDelegateForColumn(Column.STATE, StateDelegate(table))
        table.setItemDelegateForColumn(Column.PROGRESS, ProgressDelegate(fraction_of, table))
        table.setItemDelegateForColumn(Column.SAFE, SafeDelegate(table))
        header = table.horizontalHeader()
        header.setSortIndicator(Column.STARTED, Qt.SortOrder.DescendingOrder)
        table.setSortingEnabled(True)
        table.size_columns()
        table.selectionModel().selectionChanged.connect(self._selected)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        return table

    def _lay_out(self) -> None:
        refresh = icon_button("mdi6.refresh", "Refresh (F5)", "transfers.refresh")
        refresh.clicked.connect(self._presenter.refresh)
        QShortcut(QKeySequence("F5"), self).activated.connect(self._presenter.refresh)
        self.heading.addWidget(self._search)
        self.heading.addWidget(refresh)
        card = QWidget()
        self._stack = QStackedLayout(card)
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._empty)
        card.setMinimumHeight(_LEAST_LIST)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setObjectName("transfers.splitter")
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(theme.MEDIUM)
        self._splitter.addWidget(_in_card(card))
        self._splitter.addWidget(self._pane)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([420, 300])
        self.body.addWidget(self._server_notice)
        self.body.addWidget(self._chips)
        self.body.addWidget(self._splitter, 1)

    # Showing --------------------------------------------------------------------------

    def _apply(self, batch: RowBatch) -> None:
        current = self._presenter.selected
        resets = self.model.apply(batch)
        if resets:
            self._select_again(current)
        elif not self._table.selectionModel().hasSelection():
            self._highlight(current)  # It was asked for before it was known.
        if current and any(row.id == current for row in batch.changed):
            self._pane.show_transfer()
        self._show_amounts()

    def _show_amounts(self) -> None:
        counts = self.model.counts()
        total = sum(counts.values())
        self._chips.show_counts({_ALL: total, **{g.value: n for g, n in counts.items()}})
        if counts[RowGroup.ATTENTION] != self._attention:
            self._attention = counts[RowGroup.ATTENTION]
            self.attention_changed.emit(self._attention)
        is_empty = self.model.rowCount() == 0
        self._stack.setCurrentIndex(1 if is_empty else 0)
        if is_empty:
            self._show_why_empty(total)

    def _show_why_empty(self, total: int) -> None:
        self._start.setVisible(total == 0 and self._presenter.loaded)
        if total:
            self._empty.show_text("Nothing matches", "Change the filter or the search.")
        elif self._presenter.loaded:
            self._empty.show_text(
                "No transfers yet",
                "Imports and exports appear here and go on when you log off.",
            )
        else:
            self._empty.show_text("Reading your transfers…")

    def _show(self) -> None:
        presenter = self._presenter
        self._server_notice.show_while(presenter.server_notice, "Not connected to the server")
        self._pane.show_transfer()
        self._show_amounts()

    # Choosing -------------------------------------------------------------------------

    def _filter(self, key: str) -> None:
        self._group = None if key == _ALL else RowGroup(key)
        self._refilter()

    def _refilter(self) -> None:
        current = self._presenter.selected
        self.model.show_only(group=self._group, text=self._search.text())
        self._select_again(current)
        self._show_amounts()

    def _select_again(self, transfer_id: str) -> None:
        """Qt forgets the selection in a reset; the person does not."""
        if not self._highlight(transfer_id) and transfer_id:
            spawn(self._presenter.select(""))

    def _highlight(self, transfer_id: str) -> bool:
        index = self.model.index_of(transfer_id)
        if index.isValid():
            self._table.setCurrentIndex(index)
        return index.isValid()

    def _selected(self, *_selections: QItemSelection) -> None:
        indexes = self._table.selectionModel().selectedRows()
        row = self.model.row_at(indexes[0]) if indexes else None
        if row is not None:
            spawn(self._presenter.select(row.id))

    def _open_menu(self, where: QPoint) -> None:
        index = self._table.indexAt(where)
        if not index.isValid():
            return
        self._table.setCurrentIndex(index)
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._pane.actions_for(self.model.row_at(index)):
            menu.addAction(_in_menu(action, menu))
        menu.popup(self._table.viewport().mapToGlobal(where))


def _in_menu(action: QAction, menu: QMenu) -> QAction:
    action.setParent(menu)
    return action


def _in_card(inside: QWidget) -> QWidget:
    card = QFrame()
    theme.set_role(card, "card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(theme.TIGHT, theme.TIGHT, theme.TIGHT, theme.TIGHT)
    layout.addWidget(inside)
    return card
