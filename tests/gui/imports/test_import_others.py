"""Files that are no images on the page: one line, their names on wish, imported on wish."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tests.support.import_page_env import LONG_AGO, Env, Play, env
from tests.support.transfer_fakes import until
from transferapp.desktop.imports.filesets_model import FilesetRole
from transferapp.intake.target import ONLY_KNOWN

# The offscreen platform says so of windows and menus.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

__all__ = ["env"]


def write_notes(folder: Path) -> None:
    for name in ("notes.docx", "run.log", "protocol.pdf"):
        (folder / name).write_bytes(b"hello")
        os.utime(folder / name, (LONG_AGO, LONG_AGO))


def test_they_are_one_line_that_opens(env: Play) -> None:
    async def story(on: Env) -> None:
        write_notes(on.folder)
        await on.ready()
        assert on["import.others"].text() == (
            "3 other files are not images; they stay where they are."
        )
        assert not on["import.others.files"].isVisible()
        on.click("import.others.show")
        names = on["import.others.files"].model().stringList()
        assert f"{on.folder.name}/run.log" in names
        assert len(names) == 3
        on.select("cell.png")
        assert not on["import.others.files"].isVisible(), "there is room for one of them"
        on.click("import.others.show")
        assert not on["import.verdict"].isVisible()
        on.click("import.others.ignore")
        assert on["import.others"].text() == "3 other files are not images; ignored."
        assert on["import.leftOut"].text() == (
            "Left out: 1 cannot be imported, 3 ignored. Keep what is not imported."
        )
        on.click("import.others.ignore")
        assert "3 not images" in on["import.leftOut"].text()

    env(story)


def test_they_are_attached_on_request(env: Play) -> None:
    async def story(on: Env) -> None:
        write_notes(on.folder)
        await on.presenter.add([on.folder])
        box = on["import.others.attach"]
        assert (box.text(), box.isChecked()) == ("Attach them to the dataset", False)
        assert not box.isEnabled(), "no target is chosen"
        assert box.toolTip().startswith("Choose where the images go")
        await on.ready()
        assert box.isEnabled()
        on.click("import.others.attach")
        assert on["import.others"].text() == (
            "3 other files are not images; they are attached to the target."
        )
        assert on["import.summary"].text().endswith("and 3 files attached to it.")
        assert "not images" not in on["import.leftOut"].text()
        on.select("cell.png")
        assert not box.isVisible(), "low windows have no room for both"
        on["import.list"].clearSelection()
        assert box.isVisible()
        on.click("import.others.ignore")
        assert (box.isEnabled(), box.isChecked()) == (False, False)
        assert "ignored are not attached" in box.toolTip()
        on.click("import.others.ignore")
        assert box.isChecked(), "the wish is kept"
        on.click("import.others.attach")
        assert on["import.others"].text().endswith("they stay where they are.")

    env(story)


def test_without_any_there_is_no_line(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        assert not on["import.others"].isVisible()
        assert not on["import.whoseAnswer"].isVisible()

    env(story)


def test_one_of_them_is_imported_anyway(env: Play) -> None:
    async def story(on: Env) -> None:
        write_notes(on.folder)
        await on.ready()
        on.click("import.others.show")
        assert not on["import.others.anyway"].isEnabled(), "nothing is chosen"
        assert "may refuse" in on["import.others.why"].text()
        files = on["import.others.files"]
        row = files.model().stringList().index(f"{on.folder.name}/run.log")
        files.setCurrentIndex(files.model().index(row, 0))
        on.click("import.others.anyway")
        await until(lambda: on["import.list"].model().rowCount() == 4)
        assert on["import.others"].text().startswith("2 other files are not images;")
        assert on["import.summary"].text().startswith("3 filesets from 5 files")
        on.select("run.log")
        assert "because you wish it" in on["import.verdict"].text()
        assert not on["import.anyway"].isVisible()

    env(story)


def test_a_row_is_imported_anyway_from_its_details_and_its_menu(env: Play) -> None:
    async def story(on: Env) -> None:
        write_notes(on.folder)
        await on.ready()
        await on.presenter.add([on.folder / "notes.docx", on.folder / "run.log"])
        on.select("cell.png")
        assert not on["import.anyway"].isVisible()
        on.select("notes.docx")
        assert on["import.verdict"].text().endswith("the repository may refuse it then.")
        on.click("import.anyway")
        await until(lambda: len(on.presenter.included) == 3)
        on.select("run.log")
        on["import.list"].customContextMenuRequested.emit(on["import.list"].pos())
        menu = on["import.list"].findChild(QMenu)
        assert menu is not None
        next(a for a in menu.actions() if a.text() == "Import anyway").trigger()
        menu.close()
        await until(lambda: len(on.presenter.included) == 4)

    env(story)


def test_where_the_facility_forbids_it_there_is_no_button(env: Play) -> None:
    async def story(on: Env) -> None:
        on.session.server.unknown_allowed = False
        write_notes(on.folder)
        await on.ready()
        on.click("import.others.show")
        assert not on["import.others.anyway"].isVisible()
        assert on["import.others.why"].text() == ONLY_KNOWN
        await on.presenter.add([on.folder / "notes.docx"])
        on.select("notes.docx")
        assert not on["import.anyway"].isVisible()
        assert on["import.verdict"].text().endswith(ONLY_KNOWN)

    env(story)


def test_rows_of_several_folders_show_in_which(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        table = on["import.list"]
        model = table.model()
        reported = {
            model.index(r, 0).data(): model.index(r, 0).data(FilesetRole.FOLDER)
            for r in range(3)
        }
        assert reported["cell.png"] == f"{on.folder.name}/cells"
        high = table.rowHeight(0)
        table.grab()  # Painting must not complain.
        on.click("import.clear")
        await on.presenter.add([on.folder / "cells"])
        assert model.index(0, 0).data(FilesetRole.FOLDER) is None, "one folder needs no telling"
        assert table.rowHeight(0) < high
        assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole).endswith("cell.png")

    env(story)
