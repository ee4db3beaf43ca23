"""Ask where exports of the Browse page go, and queue them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QWidget

from transferapp.desktop.browse.export_choices import ExportChoice
from transferapp.desktop.browse.export_destinations import ExportDestination
from transferapp.desktop.browse.export_dialog import ExportCalls, ExportDialog
from transferapp.desktop.browse.presenter import BrowsePresenter
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.model.export_specs import ExportSpec

_WHOLE = ExportSpec()


class ExportAsking:
    """Opens the dialog for what was chosen on a page."""

    def __init__(self, presenter: BrowsePresenter, banner: MessageBanner) -> None:
        """Queue with ``presenter``, and say so in ``banner``."""
        self._presenter, self._banner = presenter, banner

    def open(
        self, choice: ExportChoice | None, window: QWidget, spec: ExportSpec = _WHOLE
    ) -> None:
        """Ask for folder and form; nothing where nothing was chosen."""
        if choice is None:
            return
        part = "" if spec.cut is None else "a part of "
        folder = self._presenter.session.settings.export_folder or _downloads()
        dialog = ExportDialog(
            f"Export {part}{choice.title}",
            Path(folder),
            ExportCalls(
                partial(self._queue, choice),
                partial(self._presenter.summarize, choice),
                self._presenter.places,
            ),
            window,
            spec=spec,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    async def _queue(
        self, choice: ExportChoice, goes: ExportDestination, spec: ExportSpec
    ) -> None:
        name = await self._presenter.export(choice, goes, spec)
        self._banner.show_message(
            "The export is queued",
            f"“{name}” arrives in {goes.shown}. You are told when it is complete; Transfers"
            " shows how far it is.",
            tone="good",
        )


def _downloads() -> str:
    where = QStandardPaths.StandardLocation.DownloadLocation
    return QStandardPaths.writableLocation(where) or str(Path.home())
