"""Parts of the export dialog that ask where it goes: which place, which folder there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.browse.export_destinations import (
    ExportDestination,
    destination_written,
)
from transferapp.desktop.browse.export_texts import (
    FOLDER_AT_PLACE,
    FOLDER_HERE,
    THIS_COMPUTER,
    place_name,
    place_text,
)
from transferapp.desktop.loop import spawn
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.tips import tip_text
from transferapp.errors import TransferAppError
from transferapp.protocol.places import PlaceView

ListPlaces = Callable[[], Awaitable[list[PlaceView]]]


class ExportPlaceChoice(QWidget):
    """Offers the places of the facility beside this computer; in sight when there are any.

    ``chosen``: another one. Names: ``export.place``, ``export.placeText``.
    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._combo = QComboBox()
        self._combo.setObjectName("export.place")
        self._combo.setAccessibleName("Export to")
        # Titles are the facility's words: a long one must not widen the dialog.
        self._combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._combo.addItem(THIS_COMPUTER, None)
        self._text = label("", "muted", wrap=True)
        self._text.setObjectName("export.placeText")
        self._text.hide()
        caption = label("To", "caption")
        caption.setBuddy(self._combo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SMALL)
        for part in (caption, self._combo, self._text):
            layout.addWidget(part)
        self._combo.currentIndexChanged.connect(self._changed)
        self.hide()

    @property
    def place(self) -> PlaceView | None:
        """The place that is chosen; None: this computer."""
        found: PlaceView | None = self._combo.currentData()
        return found

    def offer(self, list_places: ListPlaces) -> None:
        """Offer what ``list_places`` answers, as soon as it does; it may raise our errors."""
        task = spawn(self._offer(list_places), name="list places")
        # Not a method: Python's half may be gone before Qt's.
        self.destroyed.connect(lambda *_: task.cancel())

    async def _offer(self, list_places: ListPlaces) -> None:
        try:
            places = await list_places()
        except TransferAppError as error:
            self._combo.setEnabled(False)
            self._show(f"The places of the facility could not be listed. {error}")
            self.show()
            return
        for place in places:
            self._combo.addItem(place_name(place), place)
            tip = tip_text(_tip(place))
            self._combo.setItemData(self._combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.setVisible(bool(places))

    def _changed(self) -> None:
        place = self.place
        self._show(place_text(place) if place else "")
        self._combo.setToolTip(tip_text(_tip(place)) if place else "")
        self.chosen.emit()

    def _show(self, text: str) -> None:
        self._text.setText(text)
        self._text.setVisible(bool(text))


def _tip(place: PlaceView) -> str:
    """Return what the list leaves out: all of the title, and why exports wait."""
    return f"{place.title}. {place.hindrance}" if place.hindrance else place.title


class ExportFolderLine(QWidget):
    """Asks for a folder, here or at a place; what was written for either is kept.

    ``changed``: another text. Names: ``export.folder``, ``export.choose``.
    """

    changed = Signal()

    def __init__(self, folder: str) -> None:
        """Begin with a folder of this computer."""
        super().__init__()
        self._place: PlaceView | None = None
        #: What stands for this computer while a place is chosen, and the other way round.
        self._kept = ""
        self._line = QLineEdit(folder)
        self._line.setObjectName("export.folder")
        self._line.textChanged.connect(self.changed)
        self._caption = label("", "caption")
        self._caption.setBuddy(self._line)
        self._choose_button = button("Choose…", "export.choose")
        self._choose_button.setAutoDefault(False)
        self._choose_button.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.setSpacing(theme.SMALL)
        row.addWidget(self._line, 1)
        row.addWidget(self._choose_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(self._caption)
        layout.addLayout(row)
        self._name()

    @property
    def is_complete(self) -> bool:
        """Enough is written to begin."""
        return self._place is not None or bool(self._line.text().strip())

    def ask_for(self, place: PlaceView | None) -> None:
        """Ask for a folder at a place, or of this computer."""
        if (place is None) != (self._place is None):
            written, self._kept = self._kept, self._line.text()
            self._line.setText(written)
        self._place = place
        self._name()
        self.changed.emit()

    def destination(self) -> ExportDestination:
        """Return what is written; raises Invalid for what is no folder."""
        return destination_written(self._place, self._line.text())

    def _name(self) -> None:
        at_place = self._place is not None
        self._caption.setText(FOLDER_AT_PLACE if at_place else FOLDER_HERE)
        self._line.setAccessibleName("Folder at the place" if at_place else "Folder")
        self._line.setPlaceholderText("May be empty" if at_place else "")
        self._choose_button.setVisible(not at_place)

    def _choose(self) -> None:
        chooser = QFileDialog(self, "Export into", self._line.text())
        chooser.setObjectName("export.folderDialog")
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly)
        chooser.fileSelected.connect(self._line.setText)
        chooser.finished.connect(chooser.deleteLater)
        chooser.open()
