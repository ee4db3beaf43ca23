"""What the repository holds already, above the list of an import, and left out by a press."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.duplicate_files import HoldingServer
from tests.support.qt_story import named, play
from tests.support.transfer_fakes import FakeSession, StillClock, until
from transferapp.desktop.imports.filesets_model import FilesetColumn
from transferapp.desktop.imports.page import ImportPage
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.host.resources import resource
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan
from transferapp.model.duplicates import DuplicateFileset

# The offscreen platform says so of windows and menus.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two filesets."""
    made = tmp_path / "day 3"
    made.mkdir()
    content = resource("sample-data", "png-cells", "cell.png").read_bytes()
    for name in ("monday.png", "tuesday.png"):
        (made / name).write_bytes(content)
        os.utime(made / name, (1_700_000_000, 1_700_000_000))
    return made


def test_what_is_there_is_reported_and_left_out_by_a_press(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, server = FakeSession(), HoldingServer()
    server.hold(group(scan([folder]))[0], DuplicateFileset(1, "anna", (12,), ("Monday",)))
    monkeypatch.setattr(session.server, "duplicates", server.duplicates)

    async def story() -> None:
        presenter = ImportPresenter(session.as_session(), clock=StillClock())
        page = ImportPage(presenter)
        qtbot.addWidget(page)
        page.resize(1200, 800)
        page.show()
        await presenter.add([folder])
        banner, action = (named(page, f"import.alreadyThere{n}") for n in ("", ".action"))
        model = named(page, "import.list").model()

        def row(number: int) -> tuple[object, object]:
            name = model.index(number, FilesetColumn.NAME)
            result = model.index(number, FilesetColumn.RESULT).data()
            return Qt.CheckState(name.data(Qt.ItemDataRole.CheckStateRole)), result

        text = "In the repository already: Image:12 (Monday)"
        assert banner.isVisible()
        assert named(page, "import.alreadyThere.text").text() == (
            "1 of these 2 filesets is in the repository already, byte for byte ('Monday')."
            " Importing makes second copies."
        )
        assert row(0) == (Qt.CheckState.Checked, text)
        assert row(1) == (Qt.CheckState.Checked, "Ready")
        QTest.mouseClick(action, Qt.MouseButton.LeftButton)
        await until(lambda: row(0)[0] is Qt.CheckState.Unchecked)
        assert row(0) == (Qt.CheckState.Unchecked, text)
        assert not banner.isVisible()
        assert named(page, "import.leftOut").text() == (
            "Left out: 1 in the repository already."
        )
        presenter.include([presenter.rows[0].key], included=True)
        assert banner.isVisible(), "a tick takes it back"
        QTest.mouseClick(named(page, "import.alreadyThere.close"), Qt.MouseButton.LeftButton)
        assert not banner.isVisible()
        QTest.mouseClick(named(page, "import.lookAgain"), Qt.MouseButton.LeftButton)
        await until(banner.isVisible)
        await presenter.close()

    play(story)
