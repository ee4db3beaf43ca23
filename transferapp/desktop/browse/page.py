"""Find images, look at them at once, open them in napari, export them."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QTreeView,
    QVBoxLayout,
)
from typing_extensions import override

from transferapp.desktop.browse.export_asking import ExportAsking
from transferapp.desktop.browse.image_cards import ImageCards
from transferapp.desktop.browse.image_pane import ImagePane
from transferapp.desktop.browse.images_model import ImagesModel
from transferapp.desktop.browse.presenter import BrowsePresenter
from transferapp.desktop.containers.target_picker import ICONS
from transferapp.desktop.containers.tree_delegate import ContainerDelegate
from transferapp.desktop.containers.tree_model import REF_ROLE, ContainersModel
from transferapp.desktop.loop import spawn, starts
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import icon_button
from transferapp.desktop.widgets.labels import EmptyState, label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.name_dialog import NameDialog, RequestedName
from transferapp.desktop.widgets.page import PageWidget
from transferapp.errors import TransferAppError
from transferapp.model.containers import (
    PARENT_KIND,
    ContainerKind,
    ContainerRef,
)
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec

#: Typing rests so long before the server is asked.
SEARCH_PAUSE_MS = 250
_ORIGINALS = ExportSpec()
_NEW_KINDS = (ContainerKind.PROJECT, ContainerKind.DATASET, ContainerKind.SCREEN)


class BrowsePage(PageWidget):
    """Names: ``browse.tree``, ``browse.images``, ``browse.search``, ``browse.refresh``,
    ``browse.new``, and those of ImagePane.
    """

    title = "Browse"
    icon_name = "mdi6.image-multiple-outline"

    def __init__(self, presenter: BrowsePresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._exports = ExportAsking(presenter, self.banner)
        self._search = self._search_field()
        self._new = self._new_button()
        refresh = icon_button("mdi6.refresh", "Refresh (F5)", "browse.refresh")
        refresh.clicked.connect(starts(presenter.refresh))
        QShortcut(QKeySequence("F5"), self).activated.connect(starts(presenter.refresh))
        QShortcut(QKeySequence.StandardKey.Find, self).activated.connect(self._search.setFocus)
        for part in (self._search, refresh, self._new):
            self.heading.addWidget(part)
        self._tree_model = ContainersModel(
            presenter.tree, presenter.open_container, _icons(), self
        )
        self._tree = self._tree_view()
        self._images_model = ImagesModel(presenter, self)
        self._cards = ImageCards(self._images_model)
        self._cards.selectionModel().selectionChanged.connect(self._selected)
        self._cards.customContextMenuRequested.connect(self._cards_menu)
        self._cards.doubleClicked.connect(starts(self._open_in_napari))
        self._images_model.modelReset.connect(self._select_again)
        self._pane = ImagePane(presenter)
        self._pane.napari_requested.connect(starts(self._open_in_napari))
        self._pane.export_requested.connect(self.ask_export)
        self._empty = EmptyState("mdi6.image-outline", "")
        self._list_title = label("All images", "heading")
        self._list_title.setObjectName("browse.listTitle")
        self._lay_out()
        listen(self, presenter.images_changed, self._show_images)
        listen(self, presenter.troubled, self._show_problem)
        self._show_images()

    @override
    def activated(self) -> None:
        """Read what is there and warm up napari."""
        spawn(self._presenter.open(), name="open browse")
        self._presenter.warm_up_viewer()

    def ask_export(self, spec: ExportSpec = _ORIGINALS) -> None:
        """Open the dialog that queues an export of what is selected."""
        self._exports.open(self._presenter.selected_choice(), self.window(), spec)

    def ask_export_all(self) -> None:
        """Open the dialog that queues an export of all images of the container in view."""
        self._exports.open(self._presenter.container_choice(), self.window())

    def ask_export_found(self) -> None:
        """Open the dialog that queues an export of all that the search finds."""
        self._exports.open(self._presenter.found_choice(), self.window())

    def ask_export_of(self, image_id: int, cut: Cut | None) -> None:
        """Select an image and open the export dialog (asked for in napari)."""
        form = ExportForm.OME_TIFF if cut else ExportForm.ORIGINALS

        async def select() -> None:
            await self._presenter.select_by_id(image_id)
            self.ask_export(ExportSpec(form, cut))

        spawn(select(), name="export from napari", on_error=self.banner.show_error)

    def show_images(self, image_ids: list[int], container: str) -> None:
        """Show a container (``Dataset:5``, or empty) and select these images in it."""
        ref = ContainerRef.parse(container) if container else None
        self._search.clear()
        spawn(self._presenter.go_to(image_ids, ref), name="show images")

    def ask_new(self, kind: ContainerKind) -> None:
        """Open the dialog for a new container."""
        tops = self._presenter.tree.children(None) or ()
        projects = [c for c in tops if c.ref.kind is ContainerKind.PROJECT and c.can_link]
        dialog = NameDialog(kind, projects, parent=self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.choose_project(self._project_in_view())

        async def make(request: RequestedName) -> None:
            parent = request.project if kind is ContainerKind.DATASET else None
            made = await self._presenter.make_container(kind, request.name, parent)
            if parent is not None:
                self._tree.expand(self._tree_model.index_of(parent))
            self._tree.setCurrentIndex(self._tree_model.index_of(made.ref))

        dialog.on_accept(make)
        dialog.open()

    def _search_field(self) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName("browse.search")
        made.setAccessibleName("Find images by name")
        made.setPlaceholderText("Find images by name")
        made.setClearButtonEnabled(True)
        made.setFixedWidth(240)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(SEARCH_PAUSE_MS)
        self._typing.timeout.connect(self._find)
        made.textChanged.connect(lambda _text: self._typing.start())
        return made

    def _new_button(self) -> QToolButton:
        made = QToolButton()
        made.setObjectName("browse.new")
        made.setText("New")
        made.setIcon(theme.icon("mdi6.folder-plus-outline"))
        made.setIconSize(theme.icon_size())
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.set_role(made, "menu")
        menu = QMenu(made)
        self._add_new_actions(menu)
        made.setMenu(menu)
        return made

    def _add_new_actions(self, menu: QMenu) -> None:
        for kind in _NEW_KINDS:
            action = menu.addAction(theme.icon(ICONS[kind]), f"New {kind.lower()}…")
            action.setObjectName(f"browse.new{kind}")
            action.triggered.connect(lambda _on=False, k=kind: self.ask_new(k))

    def _tree_view(self) -> QTreeView:
        tree = QTreeView()
        tree.setObjectName("browse.tree")
        tree.setAccessibleName("Projects and screens")
        tree.setHeaderHidden(True)
        tree.setUniformRowHeights(True)
        tree.setIndentation(18)
        tree.setIconSize(theme.icon_size())
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setModel(self._tree_model)
        tree.setItemDelegate(ContainerDelegate(tree))
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._tree_menu)
        tree.selectionModel().currentChanged.connect(self._container_chosen)
        return tree

    def _lay_out(self) -> None:
        left = QFrame()
        left.setMinimumWidth(200)
        theme.set_role(left, "pane")
        inside = QVBoxLayout(left)
        inside.setContentsMargins(theme.SMALL, theme.SMALL, theme.SMALL, theme.SMALL)
        inside.addWidget(self._tree)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._cards)
        self._stack.addWidget(self._empty)
        middle = QFrame()
        middle.setMinimumWidth(260)
        theme.set_role(middle, "pane")
        column = QVBoxLayout(middle)
        column.setContentsMargins(theme.MEDIUM, theme.MEDIUM, theme.SMALL, theme.SMALL)
        column.setSpacing(theme.SMALL)
        column.addWidget(self._list_title)
        column.addWidget(self._stack, 1)
        splitter = QSplitter()
        splitter.setHandleWidth(theme.MEDIUM)
        splitter.setChildrenCollapsible(False)
        for part in (left, middle, self._pane):
            splitter.addWidget(part)
        splitter.setSizes([215, 560, 385])
        splitter.setStretchFactor(1, 1)
        row = QHBoxLayout()
        row.addWidget(splitter)
        self.body.addLayout(row)

    def _container_chosen(self, index: QModelIndex) -> None:
        spawn(self._presenter.show(index.data(REF_ROLE)), name="show container")

    def _find(self) -> None:
        spawn(
            self._presenter.show(self._presenter.container, self._search.text()), name="search"
        )

    def _show_images(self) -> None:
        names = self._presenter.tree.path_names(self._presenter.container)
        self._list_title.setText(" / ".join(names) or "All images")
        has_some = bool(self._presenter.images)
        self._stack.setCurrentIndex(0 if has_some else 1)
        if not has_some:
            self._empty.show_text(*self._empty_text())

    def _empty_text(self) -> tuple[str, str]:
        if self._presenter.loading:
            return "Loading…", ""
        if self._presenter.text:
            return f"No image is named like “{self._presenter.text}”", "Try fewer letters."
        ref = self._presenter.container
        if ref is not None and ref.kind in PARENT_KIND.values():
            inside = "dataset" if ref.kind is ContainerKind.PROJECT else "plate"
            return (
                f"Open a {inside}",
                f"Images are in the {inside}s of this {ref.kind.lower()}.",
            )
        return "No images here yet", "Drop files on the window to import them."

    def _show_problem(self, problem: TransferAppError | None) -> None:
        if problem is None:
            self.banner.hide()
        else:
            self.banner.show_error(problem)

    def _selected(self) -> None:
        rows = sorted(index.row() for index in self._cards.selectedIndexes())
        current = self._cards.currentIndex().row()
        if current in rows:  # The one clicked last is shown.
            rows.remove(current)
            rows.insert(0, current)
        images = tuple(self._images_model.image(self._images_model.index(r)) for r in rows)
        spawn(self._presenter.select(images), name="select")

    def _select_again(self) -> None:
        """After another list has come: select what was asked for, or keep what is still in."""
        wanted = () if self._presenter.loading else self._presenter.wanted_images()
        chosen = wanted or self._presenter.selected
        rows = self._images_model.rows_of({image.id for image in chosen})
        selection = self._cards.selectionModel()
        flag = QItemSelectionModel.SelectionFlag.Select
        for row in rows:
            selection.select(self._images_model.index(row), flag)
        if not rows and not self._presenter.loading:
            spawn(self._presenter.select(()), name="select nothing")

    async def _open_in_napari(self) -> None:
        self._pane.napari.setEnabled(False)
        self._pane.napari.setText("Opening…")
        try:
            milliseconds = await self._presenter.open_in_napari()
        except TransferAppError as error:
            self.banner.show_error(error)
        else:
            self._pane.show_note(f"In napari, first pixels after {milliseconds / 1000:.1f} s")
        finally:
            self._pane.napari.setText("Open in napari")
            self._pane.napari.setEnabled(bool(self._presenter.selected))

    async def _copy_address(self) -> None:
        try:
            signed = await self._presenter.signed_url()
        except TransferAppError as error:
            self.banner.show_error(error)
            return
        QGuiApplication.clipboard().setText(signed.url)
        until = f"{signed.expires_at.astimezone():%H:%M}"
        self._pane.show_note(f"Copied. Whoever has the address sees the image until {until}.")

    def _project_in_view(self) -> ContainerRef | None:
        ref = self._presenter.container
        if ref is None or ref.kind is ContainerKind.PROJECT:
            return ref
        container = self._presenter.tree.find(ref)
        return container.parent if container else None

    def _tree_menu(self, place: QPoint) -> None:
        menu = QMenu(self._tree)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_new_actions(menu)
        menu.addSeparator()
        export = menu.addAction(theme.icon("mdi6.download-outline"), "Export all images…")
        export.setObjectName("browse.exportAll")
        export.setEnabled(self._presenter.container is not None)
        export.triggered.connect(self.ask_export_all)
        self._add_export_found(menu)
        again = menu.addAction(theme.icon("mdi6.refresh"), "Refresh")
        again.triggered.connect(starts(self._presenter.refresh))
        menu.popup(self._tree.viewport().mapToGlobal(place))

    def _add_export_found(self, menu: QMenu) -> None:
        if self._presenter.found_choice() is None:
            return
        icon = theme.icon("mdi6.download-outline")
        export = menu.addAction(icon, "Export all found images…")
        export.setObjectName("browse.exportFound")
        export.triggered.connect(self.ask_export_found)

    def _cards_menu(self, place: QPoint) -> None:
        if not self._presenter.selected:
            return
        menu = QMenu(self._cards)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        napari = menu.addAction(theme.icon("mdi6.open-in-new"), "Open in napari")
        napari.triggered.connect(starts(self._open_in_napari))
        address = menu.addAction(
            theme.icon("mdi6.link-variant"), "Copy address for napari, Fiji, vizarr"
        )
        address.triggered.connect(starts(self._copy_address))
        export = menu.addAction(theme.icon("mdi6.download-outline"), "Export…")
        export.triggered.connect(lambda _on=False: self.ask_export())
        self._add_export_found(menu)
        menu.popup(self._cards.viewport().mapToGlobal(place))


def _icons() -> dict[ContainerKind | None, QIcon]:
    kinds: dict[ContainerKind | None, QIcon] = {k: theme.icon(v) for k, v in ICONS.items()}
    kinds[None] = theme.icon("mdi6.image-multiple-outline")
    return kinds
