"""The list of filesets on the Import page, and what is inside the selected one."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QMenu, QVBoxLayout

from transferapp.desktop.imports.fileset_delegates import FilesetNameDelegate, ResultDelegate
from transferapp.desktop.imports.fileset_details import (
    ANYWAY_ICON,
    IGNORE_ICON,
    SCANNING_TIP,
    FilesetDetails,
    all_ignored,
    ignore_text,
)
from transferapp.desktop.imports.filesets_model import FilesetColumn, FilesetsModel
from transferapp.desktop.imports.list import FilesetRow
from transferapp.desktop.imports.other_files import OtherFiles
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.desktop.loop import spawn, starts
from transferapp.desktop.transfers.texts import count_text
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.tables import FILL, WideTable

#: Pixels of Fileset, What it is, Size, Check.
_WIDTHS = (220, 176, 92, FILL)
#: What a narrow window does without; the details below the list tell it.
_GIVES_WAY = (FilesetColumn.WHAT, FilesetColumn.SIZE)
#: Pixels of a row: with a name, and with the folder below it.
_ROW, _TWO_LINES = 38, 48
_AGAIN_TIP = "Looks at the files and asks the repository anew (F5)"


class FilesetList(QFrame):
    """Table of filesets above, then what is no image, and the selected one's files below.

    Names: ``import.list``, ``import.ignore``, ``import.anyway``, ``import.remove``,
    ``import.lookAgain``, ``import.clear``, ``import.files``, ``import.whoseAnswer``; those
    of ``OtherFiles``.
    """

    selected = Signal(object)

    def __init__(self, presenter: ImportPresenter) -> None:
        super().__init__()
        theme.set_role(self, "card")
        self._presenter = presenter
        self.model = FilesetsModel(self)
        self.model.ticked.connect(lambda key, on: presenter.include([key], included=on))
        self._count = label("", "strong")
        self._count.setObjectName("import.count")
        self._remove = button("Remove", "import.remove", role="quiet", icon_name="mdi6.minus")
        self._remove.clicked.connect(self._remove_selected)
        self._check_again = button(
            "Check again",
            "import.lookAgain",
            role="quiet",
            icon_name="mdi6.refresh",
            tip=_AGAIN_TIP,
        )
        self._check_again.clicked.connect(starts(presenter.check_again))
        self._clear = button("Clear", "import.clear", role="quiet", icon_name="mdi6.close")
        self._clear.clicked.connect(presenter.clear)
        self._table = self._make_table()
        self._others = OtherFiles(presenter)
        self._others.opened.connect(self._table.clearSelection)
        self._whose = label("", "muted", wrap=True)
        self._whose.setObjectName("import.whoseAnswer")
        self._whose.setContentsMargins(theme.MEDIUM, 0, theme.MEDIUM, theme.TIGHT)
        self._details = FilesetDetails()
        self._details.ignore.clicked.connect(self._ignore_selected)
        self._details.anyway.clicked.connect(self._import_anyway)
        self._lay_out()
        listen(self, presenter.rows_changed, self._show)
        listen(self, presenter.changed, self._show_scanning)
        self._show()
        self._show_scanning()

    def _make_table(self) -> WideTable:
        table = WideTable(
            "import.list",
            _WIDTHS,
            row_height=_ROW,
            gives_way=_GIVES_WAY,
            grows=FilesetColumn.NAME,
        )
        table.setAccessibleName("Filesets to import")
        table.setModel(self.model)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setItemDelegateForColumn(FilesetColumn.NAME, FilesetNameDelegate(table))
        table.setItemDelegateForColumn(FilesetColumn.RESULT, ResultDelegate(table))
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.size_columns()
        table.selectionModel().selectionChanged.connect(self._selection_changed)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), table)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._remove_selected)
        return table

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(theme.MEDIUM, theme.SMALL, theme.SMALL, 0)
        tools.setSpacing(theme.TIGHT)
        tools.addWidget(self._count, 1)
        tools.addWidget(self._remove)
        tools.addWidget(self._check_again)
        tools.addWidget(self._clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.TIGHT, theme.TIGHT, theme.TIGHT, theme.TIGHT)
        layout.setSpacing(theme.TIGHT)
        layout.addLayout(tools)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._others)
        layout.addWidget(self._whose)
        layout.addWidget(self._details)

    def _show(self) -> None:
        rows = self._presenter.rows
        self.model.show_rows(rows)
        height = _TWO_LINES if self.model.reports_folders else _ROW
        self._table.verticalHeader().setDefaultSectionSize(height)
        self._show_count()
        self._whose.setText(self._presenter.reads.text)
        self._selection_changed()

    def _show_count(self) -> None:
        progress = self._presenter.scanning
        so_far = " so far" if progress is not None and not progress.to_compare else ""
        text = count_text(self.model.rowCount(), "fileset")
        ignored = self._presenter.ignored_count
        hidden = f", {count_text(ignored, 'system file')} ignored" if ignored else ""
        self._count.setText(f"{text}{so_far}{hidden}")

    def _show_scanning(self) -> None:
        """Ticks can be set during a look; what looks again itself has to wait."""
        self._show_count()
        can = self._presenter.scanning is None
        self._check_again.setEnabled(can)
        self._check_again.setToolTip(_AGAIN_TIP if can else SCANNING_TIP)
        self._details.allow_anyway(allowed=can)

    def _selected_rows(self) -> list[FilesetRow]:
        return self.model.rows_of(self._table.selectionModel().selection())

    def _selection_changed(self, *_selections: QItemSelection) -> None:
        rows = self._selected_rows()
        self._remove.setEnabled(bool(rows))
        self._details.show_row(rows[0] if len(rows) == 1 else None)
        # Details name themselves who reads it, and low windows have no room for both.
        self._whose.setVisible(bool(self._whose.text()) and len(rows) != 1)
        self._others.offer_attaching(offered=len(rows) != 1)
        if rows:
            self._others.close_names()  # There is room for one of them.

    def _remove_selected(self) -> None:
        self._presenter.remove([row.key for row in self._selected_rows()])

    def _ignore_selected(self) -> None:
        rows = self._selected_rows()
        keys = [row.key for row in rows]
        self._presenter.ignore(keys, ignored=not all_ignored(rows))

    def _import_anyway(self) -> None:
        keys = [row.key for row in self._selected_rows() if row.can_anyway]
        spawn(self._presenter.import_anyway(keys))

    def _open_menu(self) -> None:
        rows = self._selected_rows()
        keys = [row.key for row in rows if row.can_include]
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        include = menu.addAction(theme.icon("mdi6.check"), "Include")
        include.setEnabled(bool(keys))
        include.triggered.connect(lambda: self._presenter.include(keys, included=True))
        leave = menu.addAction(theme.icon("mdi6.close"), "Leave out")
        leave.setEnabled(bool(keys))
        leave.triggered.connect(lambda: self._presenter.include(keys, included=False))
        if any(row.can_anyway for row in rows):
            anyway = menu.addAction(theme.icon(ANYWAY_ICON), "Import anyway")
            anyway.setEnabled(self._presenter.scanning is None)
            anyway.triggered.connect(self._import_anyway)
        menu.addSeparator()
        ignore = menu.addAction(theme.icon(IGNORE_ICON), ignore_text(rows))
        ignore.setEnabled(bool(rows))
        ignore.triggered.connect(self._ignore_selected)
        remove = menu.addAction(theme.icon("mdi6.minus"), "Remove from the list")
        remove.setEnabled(bool(rows))
        remove.triggered.connect(self._remove_selected)
        menu.popup(self._table.cursor().pos())
