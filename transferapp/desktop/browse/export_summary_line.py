"""The line of the export dialog that says how much comes; it is counted in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from transferapp.client.export_summary_texts import amount_text, notes
from transferapp.desktop.loop import spawn
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import label
from transferapp.errors import TransferAppError
from transferapp.model.export_specs import ExportSpec
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.places import PlaceView

#: Seconds that a person has to choose another form or place before the server is asked.
PAUSE_S = 0.15

#: Asks for an export to a place; None: to this computer.
Summarize = Callable[[ExportSpec, PlaceView | None], Awaitable[ExportSummary]]


class ExportSummaryLine(QWidget):
    """Use ``count``. Names: ``export.summary``, ``export.notes``."""

    def __init__(self, summarize: Summarize) -> None:
        """``summarize`` asks the server; it may raise our errors."""
        super().__init__()
        self._summarize = summarize
        self._text = label("", wrap=True)
        self._text.setObjectName("export.summary")
        self._notes = label("", "muted", wrap=True)
        self._notes.setObjectName("export.notes")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(self._text)
        layout.addWidget(self._notes)
        self._running: set[asyncio.Task[None]] = set()
        running = self._running
        # Not ``self.stop``: Python's half may be gone before Qt's.
        self.destroyed.connect(lambda *_: _cancel(running))

    def count(self, spec: ExportSpec, place: PlaceView | None) -> None:
        """Say what an export of this form and part brings there, as soon as it is known."""
        self.stop()
        self._show("Counting…", "")
        task = spawn(self._count(spec, place), name="summarize export")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def stop(self) -> None:
        """Count no more: the dialog is closed."""
        _cancel(self._running)

    async def _count(self, spec: ExportSpec, place: PlaceView | None) -> None:
        await asyncio.sleep(PAUSE_S)
        try:
            summary = await self._summarize(spec, place)
        except TransferAppError as error:
            self._show("How much it is could not be counted.", f"{error.title}. {error}")
            return
        self._show(f"{amount_text(summary)}.", "\n".join(notes(summary)))

    def _show(self, text: str, more: str) -> None:
        self._text.setText(text)
        self._notes.setText(more)
        self._notes.setVisible(bool(more))


def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in list(tasks):
        task.cancel()
