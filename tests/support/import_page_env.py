"""An Import page to play stories on: a folder of two good filesets and a bad one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
)
from pytestqt.qtbot import QtBot

from tests.support.qt_story import named, play
from tests.support.transfer_fakes import (
    FakeSession,
    StillClock,
    transfer,
    until,
    view,
)
from transferapp import errors
from transferapp.desktop.imports.page import ImportPage
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.host.resources import resource
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.protocol.messages import SubmissionView

EMBRYOS = ContainerRef(ContainerKind.DATASET, 5)
LEFT = Qt.MouseButton.LeftButton
LONG_AGO = 1_700_000_000


@dataclass
class Env:
    """A page on a session; ``error`` is what handing over raises."""

    session: FakeSession
    presenter: ImportPresenter
    page: ImportPage
    folder: Path
    error: errors.TransferAppError | None = None

    def __getitem__(self, name: str) -> Any:
        return named(self.page, name)

    def click(self, name: str) -> None:
        QTest.mouseClick(self[name], LEFT)

    async def ready(self) -> None:
        """Drop the folder and choose a dataset."""
        drop(self["import.drop"], self.folder)
        await until(lambda: self["import.list"].model().rowCount() == 3, 10)
        await until(lambda: self.presenter.scanning is None, 10)
        self.presenter.targets.choose(EMBRYOS)

    def select(self, name: str) -> None:
        model = self["import.list"].model()
        rows = [r for r in range(model.rowCount()) if name in model.index(r, 0).data()]
        flags = QItemSelectionModel.SelectionFlag
        self["import.list"].selectionModel().select(
            model.index(rows[0], 0), flags.ClearAndSelect | flags.Rows
        )


def drop(area: Any, *paths: Path) -> bool:
    """Drop files as a file manager does; says whether they were taken."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    middle, keys = area.rect().center(), Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(middle), copy, mime, LEFT, keys)
    QApplication.sendEvent(area, enter)
    if enter.isAccepted():
        QApplication.sendEvent(area, QDropEvent(QPointF(middle), copy, mime, LEFT, keys))
    return enter.isAccepted()


Play = Callable[[Callable[[Env], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def env(qtbot: QtBot, tmp_path: Path) -> Play:
    """Play a story on a page, with a folder of two good filesets and a bad one at hand."""
    folder = tmp_path / "Embryo 🔬 day 3"
    shutil.copytree(resource("sample-data", "png-cells"), folder / "cells")
    shutil.copytree(resource("sample-data", "ome-tiff-multifile-organoid"), folder / "set")
    for path in folder.rglob("*"):
        if path.suffix.lower() in {".md", ".txt"}:
            path.unlink()
    (folder / "cut.png").write_bytes(b"hello")
    for path in folder.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))

    def play_on(story: Callable[[Env], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            session = _session()

            async def hand_over(*_: Any, **__: Any) -> SubmissionView:
                if on.error is not None:
                    raise on.error
                return view(1, files_done=3)

            presenter = ImportPresenter(
                session.as_session(), clock=StillClock(), hand_over=hand_over
            )
            page = ImportPage(presenter)
            on = Env(session, presenter, page, folder)
            qtbot.addWidget(page)
            page.resize(1200, 800)
            page.show()
            page.activated()
            await until(lambda: presenter.targets.targets)
            try:
                await story(on)
            finally:
                presenter.result_done()

        play(whole)

    return play_on


def _session() -> FakeSession:
    session = FakeSession()
    session.server.put(transfer(1))
    flies = Container(ContainerRef(ContainerKind.PROJECT, 1), "Flies", "anna", 1, can_link=True)
    embryos = Container(
        EMBRYOS, "Embryos", "anna", 1, parent=flies.ref, can_link=True, can_annotate=True
    )
    session.server.tops, session.server.inside = [flies], {flies.ref: [embryos]}
    return session
