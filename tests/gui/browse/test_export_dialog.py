"""The export dialog: forms are explained, nothing is cut off, and what is chosen is queued."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from tests.support.image_env import until
from tests.support.qt_story import named, play
from tests.support.seen_whole import cut_off
from transferapp.desktop.browse.export_dialog import ExportDialog
from transferapp.errors import StorageFull
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]


def test_every_form_is_read_whole(qtbot: QtBot, tmp_path: Path) -> None:
    async def start(_folder: Path, _spec: ExportSpec) -> None:
        raise StorageFull

    async def story() -> None:
        dialog = ExportDialog("Export “cells”", tmp_path, start, spec=ExportSpec())
        qtbot.addWidget(dialog)
        dialog.open()
        forms: QComboBox = named(dialog, "export.form")
        assert forms.count() == len(ExportForm)
        for index in range(forms.count()):
            forms.setCurrentIndex(index)
            await until(lambda: not cut_off(dialog))
        named(dialog, "export.start").click()
        await until(lambda: named(dialog, "export.banner").isVisible())
        await until(lambda: not cut_off(dialog))

    play(story)


def test_a_part_is_queued_in_the_form_that_is_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    cut = Cut(level=1, y=Span(0, 20), x=Span(10, 30), channels=(1,))
    queued: list[tuple[Path, ExportSpec]] = []

    async def start(folder: Path, spec: ExportSpec) -> None:
        queued.append((folder, spec))

    async def story() -> None:
        spec = ExportSpec(ExportForm.OME_TIFF, cut)
        window = QWidget()
        qtbot.addWidget(window)
        window.show()
        dialog = ExportDialog("Export a part of “cells”", tmp_path, start, window, spec=spec)
        dialog.open()
        forms: QComboBox = named(dialog, "export.form")
        assert forms.currentData() == ExportForm.OME_TIFF
        assert forms.findData(ExportForm.ORIGINALS) == -1
        forms.setCurrentIndex(forms.findData(ExportForm.PNG))
        named(dialog, "export.start").click()
        await until(lambda: queued)
        assert queued == [(tmp_path, ExportSpec(ExportForm.PNG, cut))]

    play(story)


def test_annotations_come_with_what_is_made(qtbot: QtBot, tmp_path: Path) -> None:
    queued: list[ExportSpec] = []

    async def start(_folder: Path, spec: ExportSpec) -> None:
        queued.append(spec)

    async def story() -> None:
        window = QWidget()
        qtbot.addWidget(window)
        window.show()
        dialog = ExportDialog("Export “cells”", tmp_path, start, window, spec=ExportSpec())
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
