"""The Import page as a person uses it: drop, look, choose, press Import, log off."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QFileDialog,
    QHeaderView,
    QLineEdit,
)
from pytestqt.modeltest import ModelTester

from tests.support.import_page_env import LEFT, Env, Play, env
from tests.support.transfer_fakes import (
    event,
    promises,
    transfer,
    until,
    view,
)
from transferapp import errors
from transferapp.desktop.imports.filesets_model import FilesetColumn, FilesetsModel
from transferapp.desktop.imports.list import FilesetRow
from transferapp.intake.preflight import Severity
from transferapp.model.duplicates import DuplicateFileset, DuplicateMatch
from transferapp.model.transfers import ItemState

# The offscreen platform says so of windows and menus.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

__all__ = ["env"]


def test_a_dropped_folder_is_listed_with_results(env: Play) -> None:
    async def story(on: Env) -> None:
        assert not on["import.list"].isVisible()
        await on.ready()
        assert on["import.list"].isVisible()
        model = on["import.list"].model()
        rows = {
            model.index(r, 0).data(): [model.index(r, c).data() for c in range(1, 4)]
            for r in range(3)
        }
        assert rows["cell.png"][0] == "PNG, 1 file"
        assert rows["cell.png"][2] == "Ready"
        assert rows["organoid_C0.ome.tif"][0] == "OME-TIFF, 3 files"
        assert "Does not begin like a PNG" in rows["cut.png"][2]

    env(story)


def test_what_is_no_file_is_not_taken(env: Play) -> None:
    async def story(on: Env) -> None:
        mime = QMimeData()
        mime.setText("hello")
        area = on["import.drop"]
        enter = QDragEnterEvent(
            QPoint(5, 5), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(area, enter)
        assert not enter.isAccepted()

    env(story)


def test_the_button_states_why_not_and_then_what(env: Play) -> None:
    async def story(on: Env) -> None:
        assert not on["import.submit"].isEnabled()
        assert on["import.whyNot"].text() == "Drop files or folders first."
        await on.ready()
        assert on["import.submit"].isEnabled()
        assert not on["import.whyNot"].isVisible()
        stated = on["import.summary"].text()
        assert stated.startswith("2 filesets from 4 files (")
        assert "into dataset 'Embryos' in project 'Flies' on localhost:8470." in stated
        assert on["import.name"].text() == "Embryo 🔬 day 3"

    env(story)


def test_ticks_by_mouse_and_keyboard(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        model = on["import.list"].model()
        row = next(r for r in range(3) if model.index(r, 0).data() == "cell.png")
        index = model.index(row, 0)
        off, on_state = Qt.CheckState.Unchecked, Qt.CheckState.Checked
        assert model.setData(index, off, Qt.ItemDataRole.CheckStateRole)
        assert on["import.summary"].text().startswith("1 fileset from 3 files")
        on["import.list"].setCurrentIndex(index)
        QTest.keyClick(on["import.list"], Qt.Key.Key_Space)
        assert index.data(Qt.ItemDataRole.CheckStateRole) == on_state
        bad = next(r for r in range(3) if model.index(r, 0).data() == "cut.png")
        assert model.index(bad, 0).data(Qt.ItemDataRole.CheckStateRole) is None
        assert not model.setData(model.index(bad, 0), on_state, Qt.ItemDataRole.CheckStateRole)

    env(story)


def test_a_fileset_can_be_scanned_into_and_removed(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        assert not on["import.files"].isVisible()
        on.select("organoid_C0")
        assert on["import.files"].model().rowCount() == 3
        on.select("cut.png")
        assert "export it again" in on["import.verdict"].text()
        on.click("import.remove")
        assert on["import.list"].model().rowCount() == 2
        on.select("cell.png")
        on["import.list"].setFocus()
        QTest.keyClick(on["import.list"], Qt.Key.Key_Delete)
        assert on["import.list"].model().rowCount() == 1
        on.click("import.clear")
        assert not on["import.list"].isVisible()

    env(story)


def test_import_shows_the_promises_apart_and_live(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        on.click("import.submit")
        await until(on["import.promise.logOff"].isVisible)
        assert on["import.promise.logOff"].text() == "Safe to log off: yes"
        assert on["import.promise.switchOff"].text() == (
            "Safe to switch off: not yet (3 of 31 files uploaded)"
        )
        assert (
            on["import.promise.deleteSource"]
            .text()
            .startswith("Safe to delete the source: not yet")
        )
        kept = promises(switch_off=True, delete=True)
        on.session.server.put(transfer(1, state=ItemState.IMPORTED, promises=kept))
        on.session.events.notify(event(f"{1:032x}"))
        on.session.agent.show(view(1, safe_to_delete_source=True))
        await until(lambda: on["import.promise.deleteSource"].text().endswith("yes"), 4)
        assert on["import.outcome"].text() == "Imported and verified"
        asked: list[str] = []
        on.page.show_transfer.connect(asked.append)
        on.click("import.showInTransfers")
        assert asked == [f"{1:032x}"]
        on.click("import.another")
        assert on["import.drop"].isVisible()
        assert not on["import.list"].isVisible()

    env(story)


@pytest.mark.parametrize(
    "error", [errors.AgentUnreachable(), errors.ServerUnreachable(), errors.TargetNotFound()]
)
def test_an_error_is_a_banner_with_the_remedy_and_nothing_is_lost(
    env: Play, error: errors.TransferAppError
) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        QTest.keyClicks(on["import.tags"], "day 3")
        on.error = error
        on.click("import.submit")
        await until(on["import.banner"].isVisible)
        assert on["import.banner.title"].text() == error.title
        assert on["import.banner.text"].text() == error.message
        assert on["import.list"].model().rowCount() == 3
        assert on["import.tags"].text() == "day 3"
        on.error = None
        on.click("import.submit")
        await until(lambda: on.presenter.result)
        assert not on["import.banner"].isVisible()

    env(story)


def test_dropping_on_the_confirmation_begins_the_next_import(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        on.click("import.submit")
        await until(lambda: on.presenter.result)
        on.page.add_paths([on.folder])
        await until(on["import.list"].isVisible, 10)
        assert on.presenter.result is None

    env(story)


def test_the_buttons_open_dialogs_that_do_not_block(env: Play) -> None:
    async def story(on: Env) -> None:
        on.click("import.addFolder")
        dialog = on.page.findChild(QFileDialog)
        assert dialog is not None
        assert dialog.isVisible()
        dialog.filesSelected.emit([str(on.folder)])
        await until(lambda: on["import.list"].model().rowCount() == 3, 10)
        dialog.reject()

    env(story)


def test_whatever_can_be_used_has_a_name(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        on.select("organoid_C0")
        for kind in (QAbstractButton, QLineEdit, QAbstractItemView):
            for widget in on.page.findChildren(kind):
                if not widget.isVisible() or isinstance(widget, QHeaderView):
                    continue
                if widget.objectName().startswith("qt_") or not widget.isEnabled():
                    continue
                stated = widget.accessibleName() or getattr(widget, "text", str)()
                if not isinstance(widget.parent(), QLineEdit):
                    assert widget.objectName().startswith("import."), widget
                    assert stated, widget.objectName()

    env(story)


def test_the_list_is_a_proper_model(qtmodeltester: ModelTester) -> None:
    model = FilesetsModel()
    rows = [
        FilesetRow(str(n), f"{n}.tif", "", "TIFF, 1 file", n, 1, Severity.OK, "", included=True)
        for n in range(5000)
    ]
    model.show_rows(tuple(rows))
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    model.show_rows(tuple(rows[:10]))
    assert model.rowCount() == 10


def test_a_result_does_not_repeat_the_name_beside_it(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        model = on["import.list"].model()
        rows = [r for r in range(model.rowCount()) if model.index(r, 0).data() == "cut.png"]
        result = model.index(rows[0], FilesetColumn.RESULT)
        assert result.data().startswith("Does not begin like a PNG")
        assert result.data(Qt.ItemDataRole.ToolTipRole).startswith("'cut.png' does not")

    env(story)


def test_keys_check_again_and_import(env: Play) -> None:
    async def story(on: Env) -> None:
        path = f"{on.folder.name}/cells/cell.png"
        fileset = DuplicateFileset(1, "anna", (7,), ("Monday",))
        on.session.server.held = {path: DuplicateMatch(same_bytes=(fileset,))}
        await on.ready()
        await until(on["import.submit"].isEnabled)
        on.page.activateWindow()
        await until(on["import.alreadyThere"].isVisible)
        on.click("import.alreadyThere.close")
        QTest.keyClick(on.page, Qt.Key.Key_F5)
        await until(on["import.alreadyThere"].isVisible)
        await until(on["import.submit"].isEnabled)
        QTest.keyClick(
            on["import.name"], Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
        )
        await until(on["import.showInTransfers"].isVisible)

    env(story)
