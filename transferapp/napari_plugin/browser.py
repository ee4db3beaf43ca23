"""The dock's second page: containers, their images, and what to do with one."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.browse.texts import size_text
from transferapp.model.containers import Container, ContainerRef
from transferapp.model.images import ImageSummary
from transferapp.napari_plugin.services import PluginState
from transferapp.napari_plugin.text import plain_label
from transferapp.protocol.messages import Page

_DATA = Qt.ItemDataRole.UserRole
ALL_IMAGES = "All images"
_MORE = "Show more images"
_SIGN_OUT = "Ends the session on this computer, for TransferApp too. Transfers go on."
_ADDRESS = (
    "Puts an address on the clipboard under which napari, Fiji or vizarr open this image."
    " Whoever has it can see the image, for an hour or until you sign out."
)
_EXPORT = "Brings the original files to a folder of this computer, also while napari is closed."


class Browser(QWidget):
    """Shows what it is given, and tells what a person wishes."""

    children_requested = Signal(object)
    #: Container (None: all), text, after which image.
    images_requested = Signal(object, str, str)
    open_requested = Signal(object)
    export_requested = Signal(object)
    address_requested = Signal(object)
    sign_out_requested = Signal()

    def __init__(self) -> None:
        """Make it, empty."""
        super().__init__()
        self._next = ""
        self._person = plain_label()
        self._sign_out = _button("Sign out", _SIGN_OUT, self.sign_out_requested.emit)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName("Containers")
        self.tree.itemExpanded.connect(self._expanded)
        self.tree.currentItemChanged.connect(lambda *_: self._list())
        self.text = QLineEdit()
        self.text.setPlaceholderText("Find by name, then press Enter")
        self.text.setClearButtonEnabled(True)
        self.text.returnPressed.connect(self._list)
        self.images = QListWidget()
        self.images.setAccessibleName("Images")
        self.images.itemSelectionChanged.connect(self._selection_changed)
        self.images.itemActivated.connect(self._activated)
        self.open_button = _button("Open", "Shows the image in this napari.", self._open)
        self.export_button = _button("Queue export...", _EXPORT, self._export)
        self.address_button = _button("Copy address", _ADDRESS, self._address)
        self._lay_out()
        self.clear()

    def clear(self) -> None:
        """Show nothing: another person signs in."""
        self.tree.clear()
        self.images.clear()
        self.text.clear()
        self._selection_changed()

    def show_person(self, state: PluginState) -> None:
        """Say who is signed in where."""
        offline = "" if state.online else " (does not answer now)"
        self._person.setText(f"{state.person}, {state.server_url}{offline}")

    def show_children(self, parent: ContainerRef | None, found: list[Container]) -> None:
        """Show what is in a container, or (None) the tops below "All images"."""
        rows = [_row_of(container) for container in found]
        if parent is None:
            everything = QTreeWidgetItem([ALL_IMAGES])
            self.tree.clear()
            self.tree.addTopLevelItems([everything, *rows])
            self.tree.setCurrentItem(everything)
        elif (above := self._row(parent)) is not None:
            above.takeChildren()
            above.addChildren(rows)

    def show_images(
        self, container: ContainerRef | None, after: str, page: Page[ImageSummary]
    ) -> None:
        """Show a page of images; one of a container that was left is dropped."""
        if container != self._container():
            return
        if not after:
            self.images.clear()
        elif self._next:
            self.images.takeItem(self.images.count() - 1)
        for image in page.items:
            item = QListWidgetItem(f"{image.name}\n{size_text(image)}")
            item.setData(_DATA, image)
            item.setToolTip(image.name)
            self.images.addItem(item)
        self._next = page.next or ""
        if self._next:
            self.images.addItem(QListWidgetItem(_MORE))
        self._selection_changed()

    def selected(self) -> ImageSummary | None:
        """Return the selected image."""
        items = self.images.selectedItems()
        image: ImageSummary | None = items[0].data(_DATA) if items else None
        return image

    def _list(self) -> None:
        if self.tree.currentItem() is not None:
            self._next = ""
            self.images.clear()
            self.images_requested.emit(self._container(), self.text.text().strip(), "")

    def _container(self) -> ContainerRef | None:
        item = self.tree.currentItem()
        ref: ContainerRef | None = item.data(0, _DATA) if item is not None else None
        return ref

    def _row(self, ref: ContainerRef) -> QTreeWidgetItem | None:
        how = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
        rows = self.tree.findItems("", how)
        return next((row for row in rows if row.data(0, _DATA) == ref), None)

    def _expanded(self, item: QTreeWidgetItem) -> None:
        self.children_requested.emit(item.data(0, _DATA))

    def _selection_changed(self) -> None:
        chosen = self.selected() is not None
        for button in (self.open_button, self.export_button, self.address_button):
            button.setEnabled(chosen)

    def _activated(self, item: QListWidgetItem) -> None:
        if item.data(_DATA) is not None:
            self._open()
        else:
            text = self.text.text().strip()
            self.images_requested.emit(self._container(), text, self._next)

    def _open(self) -> None:
        self.open_requested.emit(self.selected())

    def _export(self) -> None:
        self.export_requested.emit(self.selected())

    def _address(self) -> None:
        self.address_requested.emit(self.selected())

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._person, 1)
        head.addWidget(self._sign_out)
        lists = QSplitter(Qt.Orientation.Vertical)
        lists.addWidget(self.tree)
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.text)
        below.addWidget(self.images)
        lists.addWidget(lower)
        lists.setSizes([100, 200])
        buttons = QHBoxLayout()
        buttons.addWidget(self.export_button)
        buttons.addWidget(self.address_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(lists, 1)
        column.addWidget(self.open_button)
        column.addLayout(buttons)


def _row_of(container: Container) -> QTreeWidgetItem:
    counted = f"  ({container.image_count})" if container.image_count else ""
    row = QTreeWidgetItem([f"{container.name}{counted}"])
    row.setData(0, _DATA, container.ref)
    row.setToolTip(0, f"{container.ref.kind}: {container.name}")
    if container.child_count:
        row.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return row


def _button(text: str, tip: str, pressed: Any) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(lambda *_: pressed())
    return button
