"""The Transfers page as a person uses it: look, filter, select, retry, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QHeaderView, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from tests.support.qt_story import named, play
from tests.support.transfer_fakes import (
    FakeSession,
    StillClock,
    event,
    item,
    problem,
    promises,
    transfer,
    until,
    view,
)
from transferapp import errors
from transferapp.desktop.session.presenter import Connection
from transferapp.desktop.transfers.page import TransfersPage
from transferapp.desktop.transfers.presenter import TransfersPresenter
from transferapp.model.drops import LeftOut, LeftOutReason
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.protocol.messages import PlacementView

# The offscreen platform says so of every window.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

ONE, TWO, THREE = (f"{n:032x}" for n in (1, 2, 3))
LEFT = Qt.MouseButton.LeftButton


@dataclass
class Env:
    """A page on a session."""

    session: FakeSession
    presenter: TransfersPresenter
    page: TransfersPage

    def __getitem__(self, name: str) -> Any:
        return named(self.page, name)

    def rows(self) -> list[list[str]]:
        model = self["transfers.table"].model()
        columns = range(model.columnCount())
        return [
            [str(model.index(r, c).data() or "") for c in columns]
            for r in range(model.rowCount())
        ]

    def click(self, name: str) -> None:
        QTest.mouseClick(self[name], LEFT)


Play = Callable[[Callable[[Env], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def env(qtbot: QtBot) -> Play:
    """Play a story on a page with three transfers."""

    def play_on(story: Callable[[Env], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            session = FakeSession()
            gone = problem(errors.VanishedFile("'a.tif' is gone. Put it back, then Retry."))
            session.server.put(
                transfer(1),
                transfer(2, state=ItemState.NEEDS_ATTENTION, trouble=gone),
                transfer(
                    3,
                    state=ItemState.IMPORTED,
                    items_done=12,
                    promises=promises(switch_off=True, delete=True),
                ),
            )
            session.server.items[THREE] = (item(1, image_ids=(4, 5)), item(2, image_ids=(6,)))
            session.server.items[TWO] = (item(1), item(2, trouble=gone))
            presenter = TransfersPresenter(session.as_session(), clock=StillClock())
            page = TransfersPage(presenter)
            qtbot.addWidget(page)
            page.resize(1200, 800)
            page.show()
            await until(lambda: presenter.loaded and len(presenter.rows) == 3)
            try:
                await story(Env(session, presenter, page))
            finally:
                await presenter.close()

        play(whole)

    return play_on


def test_the_table_states_it_in_text(env: Play) -> None:
    async def story(on: Env) -> None:
        on.session.agent.show(view(1, bytes_done=25_000_000, files_done=3))
        await until(lambda: on.rows()[0][3] == "25 MB of 48 MB")
        first = on.rows()[0]
        assert first[:3] == ["Embryo 1", "Flies / Embryos", "Uploading"]
        assert "Safe to log off: yes. Safe to switch off: not yet (3 of 31 files" in first[6]
        assert on.rows()[1][2] == "Needs attention: the file is gone"
        assert on["transfers.filter.attention"].text().split() == ["Needs", "attention", "1"]

    env(story)


def test_chips_and_search_choose(env: Play) -> None:
    async def story(on: Env) -> None:
        on.click("transfers.filter.done")
        assert [r[0] for r in on.rows()] == ["Embryo 3"]
        on.click("transfers.filter.all")
        QTest.keyClicks(on["transfers.search"], "embryo 2")
        assert [r[0] for r in on.rows()] == ["Embryo 2"]
        QTest.keyClicks(on["transfers.search"], "x")
        assert not on["transfers.table"].isVisible()
        on["transfers.search"].clear()
        assert on["transfers.table"].isVisible()

    env(story)


def test_the_selected_transfer_is_shown_in_full_and_live(env: Play) -> None:
    async def story(on: Env) -> None:
        assert not on["transfers.promise.logOff"].isVisible()
        on.page.select(TWO)
        await until(lambda: on["transfers.items"].model().rowCount() == 2)
        assert "Put it back, then Retry." in on["transfers.trouble"].text()
        first = on["transfers.items"].model().index(0, 3).data()
        assert first == "'a.tif' is gone. Put it back, then Retry."
        assert on["transfers.promise.logOff"].text().startswith("Safe to log off: not yet")
        on.session.server.put(transfer(2, promises=promises(switch_off=True)))
        on.session.events.notify(event(TWO))
        await until(lambda: on["transfers.promise.switchOff"].text().endswith("yes"))

    env(story)


def test_what_was_left_out_is_listed_with_the_items(env: Play) -> None:
    async def story(on: Env) -> None:
        on.session.server.left_out[THREE] = (
            LeftOut("day 3/cut.tif", LeftOutReason.REFUSED, "damaged-file", "It is cut off."),
            LeftOut("day 3/x.ome.zarr", LeftOutReason.NOT_CHOSEN, file_count=70),
            LeftOut("day 3/notes.txt", LeftOutReason.IGNORED),
        )
        on.page.select(THREE)
        model = on["transfers.items"].model()
        await until(lambda: model.rowCount() == 5)
        rows = [[model.index(r, c).data() for c in range(4)] for r in range(2, 5)]
        assert rows == [
            ["day 3/cut.tif", "Left out", "1 file", "It is cut off."],
            ["day 3/x.ome.zarr", "Left out by you", "70 files", "It stays where it is."],
            ["day 3/notes.txt", "Ignored", "1 file", "It stays where it is."],
        ]
        assert model.item_at(model.index(2, 0)) is None, "nothing can be done with it"

    env(story)


def test_retry_and_cancel_by_button(env: Play) -> None:
    async def story(on: Env) -> None:
        on.page.select(TWO)
        await until(on["transfers.retry"].isVisible)
        on.click("transfers.retry")
        await until(lambda: ("retry", TWO) in on.session.server.calls)
        on.click("transfers.cancel")
        await until(lambda: ("cancel", TWO) in on.session.server.calls)

    env(story)


def test_what_makes_no_sense_is_not_offered(env: Play) -> None:
    async def story(on: Env) -> None:
        on.page.select(THREE)
        await until(on["transfers.showImages"].isVisible)
        for name in ("transfers.retry", "transfers.cancel", "transfers.openFolder"):
            assert not on[name].isVisible(), name

    env(story)


def test_show_images_reports_which(env: Play) -> None:
    async def story(on: Env) -> None:
        wanted: list[tuple[list[int], str]] = []
        on.page.images_wanted.connect(lambda ids, target: wanted.append((ids, target)))
        on.page.select(THREE)
        await until(lambda: on.presenter.details)
        on.click("transfers.showImages")
        assert wanted == [([4, 5, 6], "Dataset:5")]

    env(story)


def test_an_export_offers_its_folder(env: Play) -> None:
    async def story(on: Env) -> None:
        on.session.server.put(
            transfer(1, kind=TransferKind.EXPORT, state=ItemState.DOWNLOADING, target=None)
        )
        on.session.events.notify(event(ONE))
        on.session.agent.show(view(1, kind="export", state="downloading", destination="/tmp"))  # noqa: S108
        await until(lambda: on.presenter.rows[ONE].destination)
        on.page.select(ONE)
        await until(on["transfers.openFolder"].isVisible)
        await until(lambda: not on["transfers.promise.deleteSource"].isVisible())
        assert on["transfers.promise.switchOff"].text().endswith("files saved)")

    env(story)


def test_an_exported_item_is_shown_where_it_is(
    env: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile())
    )
    (tmp_path / "Position1").mkdir()
    (tmp_path / "cells.czi").touch()

    async def story(on: Env) -> None:
        on.session.server.put(
            transfer(1, kind=TransferKind.EXPORT, state=ItemState.DELIVERED, target=None)
        )
        delivered = [item(n, state=ItemState.DELIVERED) for n in (1, 2)]
        on.session.server.items[ONE] = (*delivered, item(3, state=ItemState.DOWNLOADING))
        on.session.agent.placed = [
            PlacementView(item_id=f"item{n}", path=str(tmp_path / name), placed=True)
            for n, name in ((1, "Position1"), (2, "cells.czi"))
        ]
        on.session.events.notify(event(ONE))
        on.session.agent.show(view(1, kind="export", destination=str(tmp_path)))
        await until(lambda: on.presenter.rows[ONE].destination)
        on.page.select(ONE)
        table = on["transfers.items"]
        await until(lambda: table.model().rowCount() == 3)
        for row in range(3):
            where = table.visualRect(table.model().index(row, 0)).center()
            table.customContextMenuRequested.emit(where)
            menu = table.findChildren(QMenu)[-1]
            (show,) = (a for a in menu.actions() if a.text() == "Show in folder")
            assert show.isEnabled() is (row < 2)
            show.trigger()
            menu.close()
        await until(lambda: len(shown) == 2)
        assert set(shown) == {str(tmp_path / "Position1"), str(tmp_path)}

    env(story)


def test_an_error_is_a_banner_and_the_list_stays(env: Play) -> None:
    async def story(on: Env) -> None:
        on.page.select(TWO)
        await until(on["transfers.cancel"].isVisible)
        on.session.server.error = errors.ServerUnreachable()
        on.click("transfers.cancel")
        await until(on["transfers.banner"].isVisible)
        assert on["transfers.banner.title"].text() == "The server does not answer"
        assert len(on.rows()) == 3

    env(story)


def test_an_outage_is_stated_above_the_list(env: Play) -> None:
    async def story(on: Env) -> None:
        on.session.go(Connection.OFFLINE)
        assert on["transfers.serverNotice"].isVisible()
        on.session.go(Connection.ONLINE)
        assert not on["transfers.serverNotice"].isVisible()

    env(story)


def test_a_notice_that_was_closed_comes_back_only_with_the_next_outage(env: Play) -> None:
    async def story(on: Env) -> None:
        on.session.go(Connection.OFFLINE)
        on.click("transfers.serverNotice.close")
        on.presenter.changed.notify()  # As with each change of the selected transfer.
        assert not on["transfers.serverNotice"].isVisible()
        on.session.go(Connection.ONLINE)
        on.session.go(Connection.OFFLINE)
        assert on["transfers.serverNotice"].isVisible()

    env(story)


def test_the_selection_survives_what_comes_and_goes(env: Play) -> None:
    async def story(on: Env) -> None:
        on.page.select(TWO)
        on.session.server.put(*(transfer(n) for n in range(10, 90)))
        on.presenter.refresh()
        await until(lambda: len(on.rows()) == 83)
        table = on["transfers.table"]
        assert [i.data() for i in table.selectionModel().selectedRows()] == ["Embryo 2"]
        assert on.presenter.selected == TWO

    env(story)


def test_a_hidden_transfer_can_be_shown_from_elsewhere(env: Play) -> None:
    async def story(on: Env) -> None:
        on.click("transfers.filter.done")
        on.page.select(ONE)
        await until(lambda: on.presenter.selected == ONE)
        assert on["transfers.filter.all"].isChecked()

    env(story)


def test_a_transfer_may_be_asked_for_before_it_is_known(env: Play) -> None:
    async def story(on: Env) -> None:
        new = f"{9:032x}"
        on.page.select(new)
        await until(lambda: on.presenter.selected == new)
        on.session.server.put(transfer(9))
        on.session.events.notify(event(new))
        await until(on["transfers.promise.logOff"].isVisible)
        selected = on["transfers.table"].selectionModel().selectedRows()
        assert [index.data() for index in selected] == ["Embryo 9"]

    env(story)


def test_the_number_that_needs_attention_is_reported(env: Play) -> None:
    async def story(on: Env) -> None:
        reported: list[int] = []
        on.page.attention_changed.connect(reported.append)
        on.session.server.put(transfer(2, state=ItemState.IMPORTED))
        on.session.events.notify(event(TWO))
        await until(lambda: reported == [0])

    env(story)


def test_the_menu_offers_the_same(env: Play) -> None:
    async def story(on: Env) -> None:
        table = on["transfers.table"]
        where = table.visualRect(table.model().index(1, 0)).center()
        table.customContextMenuRequested.emit(where)
        await asyncio.sleep(0)
        actions = {a.text(): a for menu in table.findChildren(QMenu) for a in menu.actions()}
        assert actions["Retry"].isEnabled()
        assert not actions["Open folder"].isEnabled()

    env(story)


def test_nothing_yet_leads_to_import(qtbot: QtBot) -> None:
    async def story() -> None:
        session = FakeSession()
        presenter = TransfersPresenter(session.as_session())
        page = TransfersPage(presenter)
        qtbot.addWidget(page)
        page.show()
        await until(lambda: presenter.loaded)
        asked: list[bool] = []
        page.import_requested.connect(lambda: asked.append(True))
        QTest.mouseClick(named(page, "transfers.startImport"), LEFT)
        assert asked == [True]
        await presenter.close()

    play(story)


def test_whatever_can_be_used_has_a_name(env: Play) -> None:
    async def story(on: Env) -> None:
        for kind in (QAbstractButton, QLineEdit, QAbstractItemView):
            for widget in on.page.findChildren(kind):
                if not widget.isVisible() or isinstance(widget, QHeaderView):
                    continue
                if widget.objectName().startswith("qt_"):
                    continue
                stated = widget.accessibleName() or getattr(widget, "text", str)()
                assert widget.objectName().startswith("transfers."), widget
                assert stated, widget.objectName()

    env(story)
