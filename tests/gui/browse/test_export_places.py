"""The export dialog offers the places of the facility beside this computer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.support.image_env import until
from tests.support.qt_story import named, play
from tests.support.seen_whole import cut_off
from transferapp.desktop.browse.export_destinations import ExportDestination
from transferapp.desktop.browse.export_dialog import ExportCalls, ExportDialog
from transferapp.errors import ServerUnreachable, StorageFull
from transferapp.model.export_specs import ExportSpec
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.places import PlaceView

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]

SCRATCH = PlaceView(
    name="cluster",
    title="Scratch of the cluster",
    kind="folder",
    path="/scratch/transferapp/anna",
    used_bytes=10**9,
    quota_bytes=10**10,
    keep_days=30,
)
AWAY = PlaceView(
    name="away",
    title="The share that is away",
    kind="folder",
    path="/share/anna",
    used_bytes=0,
    hindrance="The folder of the place is not there.",
)


class Facility:
    """Two places, one of them away; ``gate`` holds the list of them back."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.queued: list[ExportDestination] = []

    def calls(self) -> ExportCalls:
        return ExportCalls(self.start, self.summarize, self.places)

    async def start(self, goes: ExportDestination, _spec: ExportSpec) -> None:
        self.queued.append(goes)
        if len(self.queued) == 1:
            raise StorageFull

    async def summarize(self, spec: ExportSpec, place: PlaceView | None) -> ExportSummary:
        return ExportSummary(
            form=spec.form,
            images=3,
            files=3,
            size_bytes=2 * 10**9,
            estimated=False,
            complete=True,
            most_images=100_000,
            room_bytes=9 * 10**9 if place is SCRATCH else None,
            hindrance=place.hindrance if place else "",
        )

    async def places(self) -> list[PlaceView]:
        await self.gate.wait()
        return [SCRATCH, AWAY]


def tab_order(first: QWidget) -> list[str]:
    """Return the names of what Tab leads to, from ``first`` on, until it is there again."""
    first.setFocus()
    found = [first.objectName()]
    while True:
        QTest.keyClick(first.window(), Qt.Key.Key_Tab)
        widget = first.window().focusWidget()
        if widget is first:
            return found
        found.append(widget.objectName())


def test_an_export_goes_to_a_place(qtbot: QtBot, tmp_path: Path) -> None:
    facility = Facility()
    window = QWidget()
    qtbot.addWidget(window)

    async def story() -> None:
        window.show()
        dialog = ExportDialog(
            "Export “cells”", tmp_path, facility.calls(), window, spec=ExportSpec()
        )
        dialog.open()
        place: QComboBox = named(dialog, "export.place")
        folder: QLineEdit = named(dialog, "export.folder")
        more, choose = named(dialog, "export.notes"), named(dialog, "export.choose")
        assert not place.isVisible()
        folder.setText(str(tmp_path / "mine"))
        facility.gate.set()
        await until(place.isVisible)
        assert [place.itemText(index) for index in range(place.count())] == [
            "This computer",
            "Scratch of the cluster (9.0 GB free)",
            "The share that is away (exports wait)",
        ]
        assert folder.text() == str(tmp_path / "mine")
        assert tab_order(named(dialog, "export.form")) == [
            f"export.{name}"
            for name in ("form", "place", "folder", "choose", "layout", "cancel", "start")
        ]
        place.setCurrentIndex(2)
        await until(lambda: f"It waits at first. {AWAY.hindrance}" in more.text())
        await until(lambda: not cut_off(dialog))
        place.setCurrentIndex(1)
        await until(lambda: "You have room for 9.0 GB more" in more.text())
        assert SCRATCH.path in named(dialog, "export.placeText").text()
        assert (folder.text(), choose.isVisible()) == ("", False)
        await until(lambda: not cut_off(dialog))
        start = named(dialog, "export.start")
        assert start.isEnabled()
        start.click()
        await until(named(dialog, "export.banner").isVisible)
        await until(lambda: not cut_off(dialog))
        folder.setText("runs/monday")
        place.setCurrentIndex(0)
        assert folder.text() == str(tmp_path / "mine")
        place.setCurrentIndex(1)
        assert folder.text() == "runs/monday"
        start.click()
        await until(lambda: not dialog.isVisible())
        assert facility.queued == [
            ExportDestination(place=SCRATCH),
            ExportDestination(place=SCRATCH, below="runs/monday"),
        ]

    play(story)


def test_places_that_cannot_be_listed_leave_this_computer(qtbot: QtBot, tmp_path: Path) -> None:
    facility = Facility()
    window = QWidget()
    qtbot.addWidget(window)

    async def places() -> list[PlaceView]:
        raise ServerUnreachable

    async def story() -> None:
        window.show()
        calls = ExportCalls(facility.start, facility.summarize, places)
        dialog = ExportDialog("Export", tmp_path, calls, window, spec=ExportSpec())
        dialog.open()
        text = named(dialog, "export.placeText")
        await until(text.isVisible)
        assert ServerUnreachable.default_message in text.text()
        await until(lambda: not cut_off(dialog))
        named(dialog, "export.start").click()
        await until(lambda: facility.queued == [ExportDestination(tmp_path)])
        dialog.reject()

    play(story)
