"""Ask where exports of the Browse page go, and queue them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QWidget

from transferapp.desktop.browse.export_choices import ExportChoice
from transferapp.desktop.browse.export_dialog import ExportDialog
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
            partial(self._queue, choice),
            window,
            spec=spec,
            summarize=partial(self._presenter.summarize, choice),
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    async def _queue(self, choice: ExportChoice, folder: Path, spec: ExportSpec) -> None:
        view = await self._presenter.export(choice, folder, spec)
        self._banner.show_message(
            "The export is queued",
            f"“{view.name}” arrives in {folder}. You are told when it is complete; Transfers"
            " shows how far it is.",
            tone="good",
        )


def _downloads() -> str:
    where = QStandardPaths.StandardLocation.DownloadLocation
    return QStandardPaths.writableLocation(where) or str(Path.home())
