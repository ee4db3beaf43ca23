"""The selected transfer in full: its promises, its items, and what can be done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.client.receipt_saving import receipt_name
from transferapp.desktop.loop import spawn
from transferapp.desktop.transfers.columns import advice_text
from transferapp.desktop.transfers.delegates import paint_text_in
from transferapp.desktop.transfers.items_model import (
    ItemColumn,
    ItemDataRole,
    TransferItemsModel,
)
from transferapp.desktop.transfers.presenter import TransfersPresenter
from transferapp.desktop.transfers.promise_panel import PromisePanel
from transferapp.desktop.transfers.promise_texts import promise_lines
from transferapp.desktop.transfers.rows import TransferRow
from transferapp.desktop.transfers.texts import (
    clock_text,
    count_text,
    kind_text,
    size_text,
)
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import ElidedLabel, label
from transferapp.desktop.widgets.scrolling import scrolling
from transferapp.desktop.widgets.tables import FILL, WideTable
from transferapp.model.drops import LeftOut
from transferapp.model.image_pages import image_pages
from transferapp.model.moves import can_cancel, can_retry
from transferapp.model.transfers import (
    PROBLEM_STATES,
    ItemState,
    TransferItem,
    TransferKind,
)

#: Pixels of Item, State, Amount; What to do takes the rest.
_ITEM_WIDTHS = (165, 150, 180, FILL)
AnyIndex = QModelIndex | QPersistentModelIndex
#: Pixels of the words beside the items: least and most.
_TEXT_WIDTH = (320, 430)


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something that can be done with a transfer."""

    text: str
    name: str
    icon_name: str
    possible: Callable[[TransferRow], bool]
    do: Callable[[], None]
    #: It has no button beside the others.
    in_menu_only: bool = False


class TransferPane(QFrame):
    """What is known of the selected transfer; hidden while none is.

    ``failed`` carries an error to show, ``images_wanted`` image ids and the target's
    reference as text.
    """

    failed = Signal(object)
    images_wanted = Signal(list, str)

    def __init__(self, presenter: TransfersPresenter) -> None:
        super().__init__()
        theme.set_role(self, "card")
        self.setMinimumHeight(190)
        self._presenter = presenter
        self._name = ElidedLabel("", "heading")
        self._name.setObjectName("transfers.name")
        self._facts = label("", "muted", wrap=True)
        self._problem = label("", "bad", wrap=True)
        self._problem.setObjectName("transfers.trouble")
        self._promises = PromisePanel("transfers.promise")
        self._items = TransferItemsModel(self, clock=presenter.clock)
        self._table = self._make_table()
        self._deeds = self._make_deeds()
        shown = [deed for deed in self._deeds if not deed.in_menu_only]
        self._buttons = {deed.name: self._make_button(deed) for deed in shown}
        self._lay_out()
        self.show_transfer()

    def actions_for(self, row: TransferRow | None) -> list[QAction]:
        """Return what can be done with the selected transfer, for a menu."""
        actions = []
        for deed in self._deeds:
            action = QAction(theme.icon(deed.icon_name), deed.text)
            action.setObjectName(f"{deed.name}.menu")
            action.setEnabled(row is not None and deed.possible(row))
            action.triggered.connect(lambda _on=False, d=deed: d.do())
            actions.append(action)
        return actions

    def show_transfer(self) -> None:
        """Show the presenter's selected transfer as it is now."""
        row = self._presenter.selected_row
        self.setVisible(row is not None)
        if row is None:
            return
        now = self._presenter.clock.now()
        self._name.setText(row.name)
        self._facts.setText(_facts(row, clock_text(row.created_at, now)))
        advice = advice_text(row, now)
        self._problem.setText(advice)
        self._problem.setVisible(bool(advice))
        theme.set_role(self._problem, "bad" if row.state in PROBLEM_STATES else "warn")
        self._promises.show_lines(promise_lines(row))
        for deed in self._deeds:
            if not deed.in_menu_only:
                self._buttons[deed.name].setVisible(deed.possible(row))
        details = self._presenter.details
        if details is None:
            self._items.show_items(())
        else:
            self._items.show_items(details.items, details.left_out)

    # Building -------------------------------------------------------------------------

    def _make_deeds(self) -> tuple[_Deed, ...]:
        return (
            _Deed(
                "Retry",
                "transfers.retry",
                "mdi6.refresh",
                lambda row: row.can_retry,
                lambda: self._act(self._presenter.retry),
            ),
            _Deed(
                "Show images",
                "transfers.showImages",
                "mdi6.image-multiple-outline",
                lambda row: row.kind is TransferKind.IMPORT and row.filesets_done > 0,
                self._show_images,
            ),
            _Deed(
                "Open in browser",
                "transfers.openPage",
                "mdi6.open-in-new",
                lambda row: row.filesets_done > 0 and bool(self._page_address()),
                self._open_page,
            ),
            _Deed(
                "Open folder",
                "transfers.openFolder",
                "mdi6.folder-open-outline",
                lambda row: bool(row.destination),
                self._open_folder,
            ),
            _Deed(
                "Save receipt…",
                "transfers.saveReceipt",
                "mdi6.file-certificate-outline",
                lambda row: row.filesets_done > 0,
                self._ask_where_to_save,
                in_menu_only=True,
            ),
            _Deed(
                "Cancel transfer",
                "transfers.cancel",
                "mdi6.close",
                lambda row: row.can_cancel,
                lambda: self._act(self._presenter.cancel),
            ),
        )

    def _make_button(self, deed: _Deed) -> QPushButton:
        role = "danger" if deed.name == "transfers.cancel" else ""
        made = button(deed.text, deed.name, role=role, icon_name=deed.icon_name)
        made.clicked.connect(deed.do)
        return made

    def _make_table(self) -> WideTable:
        gives_way = (ItemColumn.AMOUNT,)
        table = WideTable("transfers.items", _ITEM_WIDTHS, row_height=32, gives_way=gives_way)
        table.setAccessibleName("Items of this transfer")
        table.setModel(self._items)
        table.setItemDelegate(_ItemDelegate(table))
        table.size_columns()
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        return table

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SMALL)
        for made in self._buttons.values():
            buttons.addWidget(made)
        buttons.addStretch(1)
        text = QVBoxLayout()
        text.setSpacing(theme.SMALL)
        text.addWidget(self._facts)
        text.addWidget(self._problem)
        text.addSpacing(theme.TIGHT)
        text.addWidget(self._promises)
        text.addStretch(1)
        # Name and buttons stay in sight when a small window cannot show all the words.
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(theme.SMALL)
        left.addWidget(self._name)
        left.addWidget(scrolling(text, "transfers.words"), 1)
        left.addLayout(buttons)
        side = QWidget()
        side.setMinimumWidth(_TEXT_WIDTH[0])
        side.setMaximumWidth(_TEXT_WIDTH[1])
        side.setLayout(left)
        across = QHBoxLayout(self)
        across.setContentsMargins(theme.LARGE, theme.MEDIUM, theme.MEDIUM, theme.MEDIUM)
        across.setSpacing(theme.LARGE)
        across.addWidget(side, 2)
        across.addWidget(self._table, 3)

    # Doing ----------------------------------------------------------------------------

    def _act(self, deed: Callable[[str], Awaitable[None]]) -> None:
        transfer_id = self._presenter.selected

        async def act() -> None:
            await deed(transfer_id)

        spawn(act(), on_error=self.failed.emit)

    def _show_images(self) -> None:
        details = self._presenter.details
        if details is None:
            return
        self.images_wanted.emit(list(details.image_ids), str(details.transfer.target or ""))

    def _page_address(self) -> str:
        """Return where the first image of an import is seen in a browser; empty for nowhere."""
        details = self._presenter.details
        if details is None or details.transfer.kind is not TransferKind.IMPORT:
            return ""
        return next(iter(image_pages(details.image_page, details.image_ids).values()), "")

    def _open_page(self) -> None:
        if address := self._page_address():
            QDesktopServices.openUrl(QUrl(address))

    def _open_folder(self) -> None:
        row = self._presenter.selected_row
        if row is not None and row.destination:
            _open_in_files(Path(row.destination))

    def _ask_where_to_save(self) -> None:
        transfer_id = self._presenter.selected
        chooser = QFileDialog(self.window(), "Save receipt")
        chooser.setObjectName("transfers.receiptDialog")
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setNameFilter("Receipts (*.jws)")
        chooser.setDefaultSuffix("jws")
        chooser.selectFile(receipt_name(transfer_id))
        chooser.fileSelected.connect(
            lambda name: spawn(
                self._presenter.save_receipt(transfer_id, Path(name)), on_error=self.failed.emit
            )
        )
        chooser.open()  # Never exec: transfers go on while it is open.

    def _open_menu(self, where: QPoint) -> None:
        item = self._items.item_at(self._table.indexAt(where))
        if item is None:
            return
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        retry = menu.addAction(theme.icon("mdi6.refresh"), "Retry this item")
        retry.setEnabled(can_retry(item.state))
        retry.triggered.connect(lambda: self._act_on(item, self._presenter.retry_item))
        cancel = menu.addAction(theme.icon("mdi6.close"), "Cancel this item")
        cancel.setEnabled(can_cancel(item.state))
        cancel.triggered.connect(lambda: self._act_on(item, self._presenter.cancel_item))
        row = self._presenter.selected_row
        if row is not None and row.destination:
            show = menu.addAction(theme.icon("mdi6.folder-open-outline"), "Show in folder")
            show.setEnabled(item.state is ItemState.DELIVERED)
            show.triggered.connect(lambda: self._show_in_folder(item))
        menu.popup(self._table.viewport().mapToGlobal(where))

    def _show_in_folder(self, item: TransferItem) -> None:
        async def show() -> None:
            path = Path((await self._presenter.placement(item)).path)
            is_folder = await asyncio.to_thread(path.is_dir)
            _open_in_files(path if is_folder else path.parent)

        spawn(show(), on_error=self.failed.emit)

    def _act_on(self, item: TransferItem, deed: Callable[[str, str], Awaitable[None]]) -> None:
        async def act() -> None:
            await deed(item.transfer_id, item.id)

        spawn(act(), on_error=self.failed.emit)


class _ItemDelegate(QStyledItemDelegate):
    """Colours what is wrong."""

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint state and remedy of an item in problem in red, of a waiting one in amber."""
        super().initStyleOption(option, index)
        if index.column() == ItemColumn.NAME:
            option.textElideMode = Qt.TextElideMode.ElideMiddle
        item = index.data(ItemDataRole.ITEM)
        reported = index.column() in (ItemColumn.STATE, ItemColumn.REMEDY)
        if reported and isinstance(item, TransferItem) and item.trouble is not None:
            scheme = theme.colours()
            paint_text_in(option, scheme.bad if item.state in PROBLEM_STATES else scheme.warn)
        elif reported and isinstance(item, LeftOut) and item.reason.counts:
            paint_text_in(option, theme.colours().warn)


def _open_in_files(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _facts(row: TransferRow, started: str) -> str:
    where = row.target or row.destination
    direction = "into" if row.kind is TransferKind.IMPORT else "to"
    place = f" {direction} {where}" if where else ""
    amount = f"{count_text(row.files_total, 'file')}, {size_text(row.bytes_total)}"
    return f"{kind_text(row.kind)}{place}, {amount}, started {started}"
