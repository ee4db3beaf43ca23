"""The Import page while files are looked at: what can be pressed works, the rest says why."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt

from tests.support.blocked_scan import BlockedScan, held, pictures
from tests.support.import_page_env import Env, Play, drop, env
from tests.support.transfer_fakes import until
from transferapp.desktop.imports.list import FilesetRow, row_of
from transferapp.desktop.imports.rows import changed_in_thread
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import TIFF
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity
from transferapp.intake.scanning import FoundFile

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

__all__ = ["env", "held"]
#: Seconds of work of the window's thread that nobody feels; asked for is 0.05 at most.
UNFELT_S = 0.05
SETTINGS = PreflightSettings()


def tick(on: Env, row: int, state: Qt.CheckState) -> None:
    model = on["import.list"].model()
    assert model.setData(model.index(row, 0), state, Qt.ItemDataRole.CheckStateRole)


def ticked(on: Env, row: int) -> bool:
    index = on["import.list"].model().index(row, 0)
    return bool(index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked)


def test_a_tick_set_during_a_scan_is_kept(env: Play, held: BlockedScan, tmp_path: Path) -> None:
    async def story(on: Env) -> None:
        drop(on["import.drop"], pictures(tmp_path / "many", 30))
        key = await held.first(on.presenter)
        assert ticked(on, 0)
        tick(on, 0, Qt.CheckState.Unchecked)
        assert not ticked(on, 0)
        held.go_on.set()
        await until(lambda: on.presenter.scanning is None, 10)
        assert len(on.presenter.included) == 29
        assert key not in {row.key for row in on.presenter.included}

    env(story)


def test_what_has_to_wait_cannot_be_pressed_and_states_why(
    env: Play, held: BlockedScan, tmp_path: Path
) -> None:
    async def story(on: Env) -> None:
        held.go_on.set()
        await on.ready()
        assert on["import.lookAgain"].isEnabled()
        held.go_on.clear()
        drop(on["import.drop"], pictures(tmp_path / "many", 30))
        await until(lambda: len(on.presenter.rows) == 4, 10)
        assert on["import.looking"].isVisible()
        assert not on["import.lookAgain"].isEnabled()
        assert "as soon as" in on["import.lookAgain"].toolTip()
        drop(on["import.drop"], pictures(tmp_path / "more", 2))
        await until(lambda: on["import.looking"].text().endswith("Then 1 more."), 10)
        held.go_on.set()
        await until(lambda: len(on.presenter.rows) == 35, 10)
        await until(on["import.lookAgain"].isEnabled, 10)

    env(story)


def test_closing_during_a_scan_leaves_no_thread(
    env: Play, held: BlockedScan, tmp_path: Path
) -> None:
    before = set(threading.enumerate())

    async def story(on: Env) -> None:
        drop(on["import.drop"], pictures(tmp_path / "many", 30))
        await held.first(on.presenter)
        on.page.hide()
        await on.presenter.close()

    env(story)
    assert not [t for t in threading.enumerate() if t not in before and t.is_alive()]


def test_20_000_files_are_dropped_cleared_and_dropped_again(env: Play, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "many", 20_000)

    async def story(on: Env) -> None:
        for _ in range(2):
            drop(on["import.drop"], folder)
            await until(lambda: len(on.presenter.rows) == 20_000, 60)
            await until(lambda: on.presenter.scanning is None, 60)
            assert len(on.presenter.included) == 20_000
            on.click("import.clear")
            assert on["import.list"].model().rowCount() == 0
            assert not on["import.list"].isVisible()
            assert on["import.whyNot"].text() == "Drop files or folders first."

    env(story)


def test_100_000_rows_are_shown_and_chosen_from_without_a_stall(env: Play) -> None:
    """Measured by the time that the window's own thread works, whatever else runs here."""
    rows = [a_row(number) for number in range(100_000)]

    async def story(on: Env) -> None:
        table, presenter = on["import.list"], on.presenter
        listing = presenter._listing
        made = await changed_in_thread(lambda: listing.rows, lambda made: made.add(rows))
        worked: dict[str, float] = {}

        async def measured(what: str, act: object) -> None:
            began_s = time.thread_time()
            assert callable(act)
            act()
            on.page.grab()
            worked[what] = time.thread_time() - began_s
            await asyncio.sleep(0)

        def show() -> None:
            listing.rows = made
            presenter.rows_changed.notify()
            presenter.changed.notify()

        await measured("show", show)
        assert table.model().rowCount() == 100_000
        await measured("tick", lambda: tick(on, 5, Qt.CheckState.Unchecked))
        await measured("select all", table.selectAll)
        flags = QItemSelectionModel.SelectionFlag
        table.selectionModel().select(
            table.model().index(7, 0), flags.ClearAndSelect | flags.Rows
        )
        await measured("remove one", on["import.remove"].click)
        await until(lambda: table.model().rowCount() == 99_999, 30)
        keys = [row.key for row in presenter.rows]
        await measured("untick all", lambda: presenter.include(keys, included=False))
        await until(lambda: not presenter.included, 30)
        await measured("clear", on["import.clear"].click)
        assert table.model().rowCount() == 0
        assert all(seconds < UNFELT_S for seconds in worked.values()), worked

    env(story)


def a_row(number: int) -> FilesetRow:
    name, folder = f"img_{number:06}.tif", f"well_{number // 50}"
    file = FoundFile(f"/data/{folder}/{name}", f"{folder}/{name}", 9, 1)
    candidate = FilesetCandidate(name, (file,), TIFF)
    return row_of(
        candidate, PreflightResult(Severity.OK, "", "", 9, 1, "TIFF, 1 file"), SETTINGS
    )
