"""The export dialog: forms are explained, nothing is cut off, and what is chosen is queued."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from tests.support.image_env import until
from tests.support.qt_story import named, play
from tests.support.seen_whole import cut_off
from transferapp.desktop.browse.export_destinations import ExportDestination
from transferapp.desktop.browse.export_dialog import ExportCalls, ExportDialog
from transferapp.errors import ServerUnreachable, StorageFull
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span
from transferapp.protocol.export_summaries import ExportSummary, NamedObject, NamedObjects
from transferapp.protocol.places import PlaceView

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]


async def many(spec: ExportSpec, _place: PlaceView | None = None) -> ExportSummary:
    """Much, and something of all that can go wrong."""
    lost = NamedObjects(count=3, first=[NamedObject(ref="Image:12", name="cells_D03f00d1.tif")])
    return ExportSummary(
        form=spec.form,
        images=50_000,
        files=None if spec.form is ExportForm.OME_ZARR else 100_000,
        size_bytes=10**12,
        estimated=spec.form.converts,
        complete=False,
        missing=lost,
        kept_back=lost,
        most_images=100_000,
        free_bytes=10**9,
        refused="Image 12 does not exist any more, or you may not see it. Refresh the view.",
    )


async def nowhere() -> list[PlaceView]:
    """A facility without places."""
    return []


def test_every_form_is_read_whole(qtbot: QtBot, tmp_path: Path) -> None:
    async def start(_goes: ExportDestination, _spec: ExportSpec) -> None:
        raise StorageFull

    async def story() -> None:
        calls = ExportCalls(start, many, nowhere)
        dialog = ExportDialog("Export “cells”", tmp_path, calls, spec=ExportSpec())
        qtbot.addWidget(dialog)
        dialog.open()
        forms: QComboBox = named(dialog, "export.form")
        assert forms.count() == len(ExportForm)
        for index in range(forms.count()):
            forms.setCurrentIndex(index)
            await until(lambda: named(dialog, "export.notes").isVisible())
            await until(lambda: not cut_off(dialog))
        named(dialog, "export.start").click()
        await until(lambda: named(dialog, "export.banner").isVisible())
        await until(lambda: not cut_off(dialog))

    play(story)


def test_a_part_is_queued_in_the_form_that_is_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    cut = Cut(level=1, y=Span(0, 20), x=Span(10, 30), channels=(1,))
    queued: list[tuple[ExportDestination, ExportSpec]] = []

    async def start(goes: ExportDestination, spec: ExportSpec) -> None:
        queued.append((goes, spec))

    async def story() -> None:
        spec = ExportSpec(ExportForm.OME_TIFF, cut)
        window = QWidget()
        qtbot.addWidget(window)
        window.show()
        calls = ExportCalls(start, many, nowhere)
        dialog = ExportDialog("Export a part of “cells”", tmp_path, calls, window, spec=spec)
        dialog.open()
        forms: QComboBox = named(dialog, "export.form")
        assert forms.currentData() == ExportForm.OME_TIFF
        assert forms.findData(ExportForm.ORIGINALS) == -1
        forms.setCurrentIndex(forms.findData(ExportForm.PNG))
        layouts: QComboBox = named(dialog, "export.layout")
        assert layouts.currentData() == ExportLayout.TREE
        layouts.setCurrentIndex(layouts.findData(ExportLayout.FLAT))
        named(dialog, "export.start").click()
        await until(lambda: queued)
        flat = ExportSpec(ExportForm.PNG, cut, layout=ExportLayout.FLAT)
        assert queued == [(ExportDestination(tmp_path), flat)]

    play(story)


def test_annotations_come_with_what_is_made(qtbot: QtBot, tmp_path: Path) -> None:
    queued: list[ExportSpec] = []

    async def start(_goes: ExportDestination, spec: ExportSpec) -> None:
        queued.append(spec)

    async def story() -> None:
        window = QWidget()
        qtbot.addWidget(window)
        window.show()
        calls = ExportCalls(start, many, nowhere)
        dialog = ExportDialog("Export", tmp_path, calls, window, spec=ExportSpec())
        dialog.open()
        box: QCheckBox = named(dialog, "export.annotations")
        assert not box.isEnabled()
        forms: QComboBox = named(dialog, "export.form")
        forms.setCurrentIndex(forms.findData(ExportForm.OME_TIFF))
        assert box.isEnabled()
        box.setChecked(True)
        # Original files come alone, and what was ticked is ticked again later.
        forms.setCurrentIndex(forms.findData(ExportForm.ORIGINALS))
        assert not box.isEnabled()
        forms.setCurrentIndex(forms.findData(ExportForm.OME_ZARR))
        named(dialog, "export.start").click()
        await until(lambda: queued)
        assert queued == [ExportSpec(ExportForm.OME_ZARR, None, with_annotations=True)]

    play(story)


class SlowServer:
    """Counts when its gate is opened; a PNG it cannot count."""

    def __init__(self) -> None:
        self.gates = {form: asyncio.Event() for form in ExportForm}
        self.asked: list[ExportForm] = []
        self.given_up: list[ExportForm] = []

    async def summarize(self, spec: ExportSpec, _place: PlaceView | None) -> ExportSummary:
        self.asked.append(spec.form)
        try:
            await self.gates[spec.form].wait()
        except asyncio.CancelledError:
            self.given_up.append(spec.form)
            raise
        if spec.form is ExportForm.PNG:
            raise ServerUnreachable
        return await many(spec)


def test_how_much_it_is_comes_while_one_chooses(qtbot: QtBot, tmp_path: Path) -> None:
    """The window waits for nobody; the answer to the form that is chosen now counts."""
    server = SlowServer()

    async def start(_goes: ExportDestination, _spec: ExportSpec) -> None:
        raise StorageFull

    #: Kept here: with the last window the event loop would end.
    window = QWidget()
    qtbot.addWidget(window)

    async def story() -> None:
        window.show()
        calls = ExportCalls(start, server.summarize, nowhere)
        dialog = ExportDialog("Export", tmp_path, calls, window, spec=ExportSpec())
        dialog.open()
        shown, more = named(dialog, "export.summary"), named(dialog, "export.notes")
        assert (shown.text(), more.isVisible()) == ("Counting…", False)
        assert named(dialog, "export.start").isEnabled()
        await until(lambda: server.asked)
        forms: QComboBox = named(dialog, "export.form")
        forms.setCurrentIndex(forms.findData(ExportForm.OME_ZARR))
        await until(lambda: len(server.asked) == 2)
        assert shown.text() == "Counting…"
        server.gates[ExportForm.OME_ZARR].set()
        await until(lambda: shown.text().startswith("At least 50,000 images, about 1.0 TB"))
        assert "Image:12" in more.text()
        server.gates[ExportForm.PNG].set()
        forms.setCurrentIndex(forms.findData(ExportForm.PNG))
        await until(lambda: shown.text() == "How much it is could not be counted.")
        assert ServerUnreachable.default_message in more.text()
        forms.setCurrentIndex(forms.findData(ExportForm.JPEG))
        await until(lambda: len(server.asked) == 4)
        dialog.reject()
        await until(lambda: server.given_up == [ExportForm.ORIGINALS, ExportForm.JPEG])

    play(story)
