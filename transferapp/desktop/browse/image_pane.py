"""The right side of Browse: the chosen image at once, its details, what to do with it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from transferapp.desktop.browse.details_pane import DetailsPane
from transferapp.desktop.browse.presenter import BrowsePresenter
from transferapp.desktop.tiles.view import TileView
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import ElidedLabel, EmptyState, label
from transferapp.desktop.widgets.listening import listen

#: Wait so long before tiles are asked for: arrow keys run over many images.
SETTLE_MS = 120


class ImagePane(QFrame):
    """Preview, details and buttons. Names: ``browse.preview``, ``browse.imageName``,
    ``browse.openInNapari``, ``browse.export``.
    """

    napari_requested = Signal()
    export_requested = Signal()

    def __init__(self, presenter: BrowsePresenter) -> None:
        super().__init__()
        self._presenter = presenter
        theme.set_role(self, "pane")
        self.setMinimumWidth(330)
        self._name = ElidedLabel("", "heading")
        self._name.setObjectName("browse.imageName")
        self._count = label("", "muted")
        self._count.setObjectName("browse.selectedCount")
        self.preview = TileView()
        self.preview.setObjectName("browse.preview")
        self.preview.setMinimumHeight(250)
        self._details = DetailsPane()
        self.napari = button(
            "Open in napari",
            "browse.openInNapari",
            icon_name="mdi6.open-in-new",
            tip="Shows the image in napari; nothing is downloaded first",
        )
        self.napari.clicked.connect(self.napari_requested)
        self.export = button(
            "Export…",
            "browse.export",
            role="primary",
            icon_name="mdi6.download-outline",
            tip="Fetches the original files of what is selected, in the background",
        )
        self.export.clicked.connect(self.export_requested)
        self._note = label("", "faint")
        self._note.setObjectName("browse.viewerNote")
        self._note.hide()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._show_preview)
        self._lay_out()
        listen(self, presenter.selection_changed, self._show_selection)
        listen(self, presenter.details_changed, self._show_details)
        self._show_selection()

    def _lay_out(self) -> None:
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(theme.MEDIUM, theme.MEDIUM, theme.MEDIUM, theme.MEDIUM)
        column.setSpacing(theme.SMALL)
        column.addWidget(self._name)
        column.addWidget(self._count)
        column.addWidget(self.preview, 3)
        column.addWidget(self._details, 2)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SMALL)
        buttons.addWidget(self.napari, 1)
        buttons.addWidget(self.export, 1)
        column.addLayout(buttons)
        column.addWidget(self._note)
        self._stack = QStackedWidget()
        self._stack.addWidget(
            EmptyState(
                "mdi6.cursor-default-click-outline",
                "Select an image",
                "Its picture and details show here. Select several to export them together.",
            )
        )
        self._stack.addWidget(full)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_note(self, text: str) -> None:
        """Say something below the buttons until another image is selected."""
        self._note.setText(text)
        self._note.show()

    def _show_selection(self) -> None:
        chosen = self._presenter.selected
        self._stack.setCurrentIndex(1 if chosen else 0)
        self.napari.setEnabled(bool(chosen))
        self.export.setEnabled(bool(chosen))
        self._count.setVisible(len(chosen) > 1)
        self._note.hide()
        self._settle.stop()
        self.preview.clear()
        self._details.clear()
        if chosen:
            self._name.setText(chosen[0].name)
            self._count.setText(f"and {len(chosen) - 1} more selected")
            self.export.setText("Export…" if len(chosen) == 1 else f"Export {len(chosen)}…")

    def _show_details(self) -> None:
        details = self._presenter.details
        if details is None:
            return
        self._details.show_details(details)
        if self._presenter.session.settings.preview_on_select:
            self._settle.start()

    def _show_preview(self) -> None:
        details = self._presenter.details
        if details is not None and self._presenter.session.signed_in:
            self.preview.show_image(details.pixels, self._presenter.tiles(details.pixels))
