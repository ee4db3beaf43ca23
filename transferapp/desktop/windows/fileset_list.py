"""The list of filesets on the Import page, and what is inside the selected one."""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)
from typing_extensions import override

from transferapp.desktop.itemmodels.filesets_model import (
    FilesetColumn,
    FilesetRole,
    FilesetsModel,
    told,
)
from transferapp.desktop.loop import starts
from transferapp.desktop.presenters.import_list import FilesetRow
from transferapp.desktop.presenters.imports import ImportPresenter
from transferapp.desktop.presenters.transfer_words import count_words
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import IconLabel, label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.tables import FILL, WideTable
from transferapp.desktop.widgets.transfer_delegates import paint_text_in
from transferapp.intake.preflight import Level

AnyIndex = QModelIndex | QPersistentModelIndex
#: File names that are spelled out in the details.
MOST_NAMES = 1000
#: Pixels of Fileset, What it is, Size, Check.
_WIDTHS = (220, 156, 80, FILL)
#: What a narrow window does without; the details below the list tell it.
_GIVES_WAY = (FilesetColumn.WHAT, FilesetColumn.SIZE)
_EDGE = 18
_IGNORE_ICON = "mdi6.eye-off-outline"
#: Files in sight before the details scroll, and the height of one in pixels.
_NAMES_SHOWN, _NAME_HEIGHT = 4, 26


class FilesetList(QFrame):
    """Table of filesets above, the selected one's files below.

    Names: ``import.list``, ``import.ignore``, ``import.remove``, ``import.lookAgain``,
    ``import.clear``, ``import.files``.
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
        self._again = button(
            "Check again",
            "import.lookAgain",
            role="quiet",
            icon_name="mdi6.refresh",
            tip="Looks at the files and asks the repository anew (F5)",
        )
        self._again.clicked.connect(starts(presenter.check_again))
        self._clear = button("Clear", "import.clear", role="quiet", icon_name="mdi6.close")
        self._clear.clicked.connect(presenter.clear)
        self._table = self._make_table()
        self._details = _FilesetDetails()
        self._details.ignore.clicked.connect(self._ignore_selected)
        self._lay_out()
        listen(self, presenter.rows_changed, self._show)
        self._show()

    def _make_table(self) -> WideTable:
        table = WideTable("import.list", _WIDTHS, row_height=38, gives_way=_GIVES_WAY)
        table.setAccessibleName("Filesets to import")
        table.setModel(self.model)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setItemDelegateForColumn(FilesetColumn.NAME, _NameDelegate(table))
        table.setItemDelegateForColumn(FilesetColumn.VERDICT, VerdictDelegate(table))
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
        tools.addWidget(self._again)
        tools.addWidget(self._clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.TIGHT, theme.TIGHT, theme.TIGHT, theme.TIGHT)
        layout.setSpacing(theme.TIGHT)
        layout.addLayout(tools)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._details)

    def _show(self) -> None:
        rows = self._presenter.rows
        self.model.show_rows(rows)
        words = count_words(len(rows), "fileset")
        ignored = self._presenter.ignored_count
        hidden = f", {count_words(ignored, 'system file')} ignored" if ignored else ""
        self._count.setText(f"{words}{hidden}")
        self._selection_changed()

    def _selected_rows(self) -> list[FilesetRow]:
        found = (self.model.row_at(i) for i in self._table.selectionModel().selectedRows())
        return [row for row in found if row is not None]

    def _selection_changed(self, *_selections: QItemSelection) -> None:
        rows = self._selected_rows()
        self._remove.setEnabled(bool(rows))
        self._details.show_row(rows[0] if len(rows) == 1 else None)

    def _remove_selected(self) -> None:
        self._presenter.remove([row.key for row in self._selected_rows()])

    def _ignore_selected(self) -> None:
        rows = self._selected_rows()
        keys = [row.key for row in rows]
        self._presenter.ignore(keys, ignored=not _all_ignored(rows))

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
        menu.addSeparator()
        ignore = menu.addAction(theme.icon(_IGNORE_ICON), _ignore_words(rows))
        ignore.setEnabled(bool(rows))
        ignore.triggered.connect(self._ignore_selected)
        remove = menu.addAction(theme.icon("mdi6.minus"), "Remove from the list")
        remove.setEnabled(bool(rows))
        remove.triggered.connect(self._remove_selected)
        menu.popup(self._table.cursor().pos())


class _NameDelegate(QStyledItemDelegate):
    """A dash where there is no tick to set, so that the names stand in one line."""

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Add the dash."""
        super().initStyleOption(option, index)
        row = index.data(FilesetRole.ROW)
        if isinstance(row, FilesetRow) and not row.can_include:
            option.icon = theme.icon("mdi6.minus", colour=theme.colours().border_strong)
            option.decorationSize = QSize(_EDGE, _EDGE)
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration


class VerdictDelegate(QStyledItemDelegate):
    """The preflight's verdict: icon, colour and words."""

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Add icon and colour."""
        super().initStyleOption(option, index)
        row = index.data(FilesetRole.ROW)
        if isinstance(row, FilesetRow):
            name, colour = verdict_look(row)
            option.icon = theme.icon(name, colour=colour)
            option.decorationSize = QSize(_EDGE, _EDGE)
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            option.textElideMode = Qt.TextElideMode.ElideRight
            paint_text_in(option, colour)


def _all_ignored(rows: list[FilesetRow]) -> bool:
    return bool(rows) and all(row.ignored for row in rows)


def _ignore_words(rows: list[FilesetRow]) -> str:
    return "Do not ignore" if _all_ignored(rows) else "Ignore"


def verdict_look(row: FilesetRow) -> tuple[str, str]:
    """Return the icon name and colour of a verdict."""
    if row.ignored:
        return _IGNORE_ICON, "text_muted"
    if row.held is not None and row.level is Level.OK:
        return "mdi6.database-check-outline", "accent"
    return {
        Level.OK: ("mdi6.check-circle-outline", "good"),
        Level.WARNING: ("mdi6.alert-outline", "warn"),
        Level.BLOCKED: ("mdi6.close-octagon-outline", "bad"),
    }[row.level]


class _FilesetDetails(QFrame):
    """The whole verdict and the files of one fileset; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        theme.set_role(self, "details")
        self._icon = IconLabel()
        self._verdict = label("", wrap=True)
        self._verdict.setObjectName("import.verdict")
        self.ignore = button(
            "Ignore",
            "import.ignore",
            role="quiet",
            icon_name=_IGNORE_ICON,
            tip="It does not matter: the folder counts as complete without it",
        )
        self._names = QStringListModel(self)
        self._list = QListView()
        self._list.setObjectName("import.files")
        self._list.setAccessibleName("Files of the selected fileset")
        self._list.setUniformItemSizes(True)
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setModel(self._names)
        self._list.setItemDelegate(_FileDelegate(self._list))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        line = QFrame()
        theme.set_role(line, "line")
        words = QHBoxLayout()
        words.setSpacing(theme.SMALL)
        words.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self._verdict, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MEDIUM, theme.TIGHT, theme.MEDIUM, theme.SMALL)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(line)
        layout.addLayout(words)
        layout.addWidget(self.ignore, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._list)

    def show_row(self, row: FilesetRow | None) -> None:
        """Show one fileset."""
        self.setVisible(row is not None)
        if row is None:
            return
        name, colour = verdict_look(row)
        self._icon.show_icon(name, colour, _EDGE)
        self._verdict.setText(told(row))
        self.ignore.setText(_ignore_words([row]))
        self.ignore.setVisible(not row.included)
        files = row.candidate.files if row.candidate else ()
        names = [file.client_path for file in files[:MOST_NAMES]]
        if len(files) > MOST_NAMES:
            names.append(f"… and {len(files) - MOST_NAMES:,} more")
        if names != self._names.stringList():
            self._names.setStringList(names)
        # One file is the fileset itself: its name stands in the list already.
        self._list.setVisible(len(names) > 1)
        self._list.setFixedHeight(min(len(names), _NAMES_SHOWN) * _NAME_HEIGHT + theme.TIGHT)


class _FileDelegate(QStyledItemDelegate):
    """A name takes the width that there is, and is cut in its middle."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return a height; any width will do."""
        return QSize(10, _NAME_HEIGHT)
