"""List the filesets of an import with a tick, what they are, and the preflight's verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QItemSelection, QObject, Qt, Signal
from typing_extensions import override

from transferapp.desktop.imports.list import FilesetRow
from transferapp.desktop.transfers.texts import size_text
from transferapp.desktop.widgets.table_model import NO_PARENT, AnyIndex, TableModel
from transferapp.intake.preflight import Severity


class FilesetColumn(IntEnum):
    """The columns, left to right."""

    NAME = 0
    WHAT = 1
    SIZE = 2
    RESULT = 3


_ANYWAY = "You can import it anyway; the repository may refuse it then."
_TITLES = ("Fileset", "What it is", "Size", "Check")


class FilesetRole(IntEnum):
    """Roles beside Qt's own."""

    ROW = Qt.ItemDataRole.UserRole + 1
    #: Where it lies, if that is worth a line below the name.
    FOLDER = Qt.ItemDataRole.UserRole + 2


class FilesetsModel(TableModel):
    """The rows of the import list. ``ticked`` carries a key and the wished tick."""

    ticked = Signal(str, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_TITLES, parent, right=(FilesetColumn.SIZE,))
        self._rows: tuple[FilesetRow, ...] = ()
        #: They lie in several folders: each says in which.
        self.reports_folders = False

    def show_rows(self, rows: tuple[FilesetRow, ...]) -> None:
        """Show these rows; selection stays when only their contents changed."""
        if rows is self._rows:
            return
        changed = _changed(self._rows, rows)
        if changed is None:
            self.beginResetModel()
            self._rows = rows
            self.reports_folders = _in_several_folders(rows)
            self.endResetModel()
            return
        self._rows = rows
        if changed:
            last = self.index(changed[-1], len(FilesetColumn) - 1)
            self.dataChanged.emit(self.index(changed[0], 0), last)

    def rows_of(self, selection: QItemSelection) -> list[FilesetRow]:
        """Return the filesets of whole selected rows, as they stand in the table."""
        ranges = (selection.at(number) for number in range(selection.count()))
        spans = sorted((span.top(), span.bottom() + 1) for span in ranges)
        return [row for first, end in spans for row in self._rows[first:end]]

    def row_at(self, index: AnyIndex) -> FilesetRow | None:
        """Return the fileset of an index."""
        return self._rows[index.row()] if index.isValid() else None

    @override
    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """One row per fileset."""
        return 0 if parent.isValid() else len(self._rows)

    @override
    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Only what can be imported has a tick that can be changed."""
        flags = super().flags(index)
        row = self.row_at(index)
        if row is not None and row.can_include and index.column() == FilesetColumn.NAME:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for a cell; delegates ask for the whole row."""
        row = self.row_at(index)
        if row is None:
            return None
        column = FilesetColumn(index.column())
        value: Any = None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                value = _text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                value = _tip(row, column)
            case Qt.ItemDataRole.CheckStateRole if _has_tick(row, column):
                value = Qt.CheckState.Checked if row.included else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.TextAlignmentRole:
                value = self.alignment(column)
            case FilesetRole.ROW:
                value = row
            case FilesetRole.FOLDER if self.reports_folders:
                value = row.folder
        return value

    @override
    def setData(
        self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Tick or leave out a fileset, through the presenter."""
        row = self.row_at(index)
        if role != Qt.ItemDataRole.CheckStateRole or row is None or not row.can_include:
            return False
        self.ticked.emit(row.key, Qt.CheckState(value) is Qt.CheckState.Checked)
        return True


def _changed(before: Sequence[FilesetRow], now: Sequence[FilesetRow]) -> Sequence[int] | None:
    """Return which rows are others than before; None where they are other filesets.

    Rows are compared by what they are, not by what is in them: of 100,000 that takes too
    long on the window's thread.
    """
    if len(before) != len(now):
        return None
    others = [n for n, (a, b) in enumerate(zip(before, now, strict=True)) if a is not b]
    same = all(before[n].key == now[n].key for n in others)
    return others if same else None


def _in_several_folders(rows: Iterable[FilesetRow]) -> bool:
    folders = (row.folder for row in rows if row.candidate)
    first = next(folders, "")
    return any(folder != first for folder in folders)


def _has_tick(row: FilesetRow, column: FilesetColumn) -> bool:
    return column is FilesetColumn.NAME and row.can_include


def _text(row: FilesetRow, column: FilesetColumn) -> str:
    match column:
        case FilesetColumn.NAME:
            return row.name
        case FilesetColumn.WHAT:
            return row.what
        case FilesetColumn.SIZE:
            return size_text(row.size_bytes) if row.size_bytes else ""
    return _result(row)


def _result(row: FilesetRow) -> str:
    if row.ignored:
        return "Ignored: it does not matter"
    if row.level is Severity.OK:
        return row.held.text if row.held else "Ready"
    # The name stands in this row already; what is wrong with it must not be cut off.
    text = row.sentence.removeprefix(f"'{row.name}'").lstrip()
    return text[:1].upper() + text[1:]


def reported(row: FilesetRow) -> str:
    """Return all that is worth knowing of a row before it is imported."""
    held = row.held.why.sentence if row.held else ""
    ready = "" if row.sentence or held else f"{row.what}: ready to import."
    anyway = _ANYWAY if row.can_anyway else ""
    return " ".join(part for part in (row.sentence, held, ready, anyway) if part)


def _tip(row: FilesetRow, column: FilesetColumn) -> str:
    match column:
        case FilesetColumn.NAME:
            return row.key
        case FilesetColumn.RESULT:
            return reported(row)
    return _text(row, column)
