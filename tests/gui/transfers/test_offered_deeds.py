"""The page offers to cancel and retry what the table of moves allows, in every state."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMenu

from tests.gui.transfers.test_transfers_page import ONE, THREE, Env, Play, env
from tests.support.transfer_fakes import event, item, transfer, until
from transferapp.desktop.transfers.items_model import ItemDataRole
from transferapp.desktop.transfers.pane import TransferPane
from transferapp.model.moves import can_cancel, can_retry
from transferapp.model.transfers import ItemState

__all__ = ["env"]

# The offscreen platform says so of every window.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

ALLOWED = {state: (can_cancel(state), can_retry(state)) for state in ItemState}


def test_the_menu_of_an_item(env: Play) -> None:
    async def story(on: Env) -> None:
        items = tuple(item(n, state=state) for n, state in enumerate(ItemState))
        on.session.server.items[ONE] = items
        on.session.events.notify(event(ONE))
        on.page.select(ONE)
        table = on["transfers.items"]
        await until(lambda: table.model().rowCount() == len(items))
        offered = {}
        for row in range(len(items)):
            index = table.model().index(row, 0)
            table.customContextMenuRequested.emit(table.visualRect(index).center())
            menu = table.findChildren(QMenu)[-1]
            actions = {a.text(): a.isEnabled() for a in menu.actions()}
            shown = index.data(ItemDataRole.ITEM)
            offered[shown.state] = (actions["Cancel this item"], actions["Retry this item"])
            menu.close()
        assert offered == ALLOWED

    env(story)


def test_the_buttons_of_a_transfer(env: Play) -> None:
    async def story(on: Env) -> None:
        on.page.select(ONE)
        offered = {}
        for state in ItemState:
            on.session.server.put(transfer(1, state=state))
            on.session.events.notify(event(ONE))
            await until(partial(is_in, on, state))
            offered[state] = (
                on["transfers.cancel"].isVisible(),
                on["transfers.retry"].isVisible(),
            )
        assert offered == ALLOWED

    env(story)


def is_in(on: Env, state: ItemState) -> bool:
    return on.presenter.rows[ONE].state is state


def test_a_receipt_is_saved_from_the_menu(env: Play, tmp_path: Path) -> None:
    """Of what has ended well in part only; the dialog does not block."""

    async def story(on: Env) -> None:
        pane = on.page.findChild(TransferPane)
        assert pane is not None
        offered = {}
        for transfer_id in (ONE, THREE):
            on.page.select(transfer_id)
            await until(partial(is_selected, on, transfer_id))
            by_name = {a.objectName(): a for a in pane.actions_for(on.presenter.selected_row)}
            offered[transfer_id] = by_name["transfers.saveReceipt.menu"].isEnabled()
        assert offered == {ONE: False, THREE: True}
        actions = pane.actions_for(on.presenter.selected_row)
        save = next(a for a in actions if a.objectName() == "transfers.saveReceipt.menu")
        save.trigger()
        dialog = on.page.window().findChild(QFileDialog)
        assert dialog is not None
        assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
        assert [Path(name).name for name in dialog.selectedFiles()] == [f"receipt-{THREE}.jws"]
        place = tmp_path / "mine.jws"
        place.write_bytes(b"an older one")
        dialog.fileSelected.emit(str(place))
        await until(lambda: place.read_bytes() == b"a.b.c\n")
        dialog.reject()
        failed: list[object] = []
        pane.failed.connect(failed.append)
        save.trigger()
        dialog = on.page.window().findChildren(QFileDialog)[-1]
        dialog.fileSelected.emit(str(tmp_path / "none" / "x.jws"))
        await until(lambda: failed)
        assert "cannot be written" in str(failed[0])
        dialog.reject()

    env(story)


def is_selected(on: Env, transfer_id: str) -> bool:
    return on.presenter.selected == transfer_id
