"""What is inside one fileset of the Import page's list, and the whole verdict on it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, QStringListModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)
from typing_extensions import override

from transferapp.desktop.imports.filesets_model import reported
from transferapp.desktop.imports.list import FilesetRow
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import IconLabel, label
from transferapp.intake.preflight import Severity

AnyIndex = QModelIndex | QPersistentModelIndex
#: File names that are spelled out.
MOST_NAMES = 1000
#: Pixels of an icon in a line.
EDGE = 18
IGNORE_ICON = "mdi6.eye-off-outline"
ANYWAY_ICON = "mdi6.tray-arrow-up"
ANYWAY_TIP = "Nobody knows this format: the repository may refuse it after the upload"
#: Why some buttons wait.
SCANNING_TIP = "Possible as soon as all files are checked"
#: Files in sight before the names scroll, and the height of one in pixels.
_NAMES_SHOWN, _NAME_HEIGHT = 4, 26


def all_ignored(rows: Sequence[FilesetRow]) -> bool:
    """Say whether none of them matters to the person."""
    return bool(rows) and all(row.ignored for row in rows)


def ignore_text(rows: Sequence[FilesetRow]) -> str:
    """Say what pressing Ignore does."""
    return "Do not ignore" if all_ignored(rows) else "Ignore"


def result_style(row: FilesetRow) -> tuple[str, str]:
    """Return the icon name and colour of a verdict."""
    if row.ignored:
        return IGNORE_ICON, "text_muted"
    if row.held is not None and row.level is Severity.OK:
        return "mdi6.database-check-outline", "accent"
    return {
        Severity.OK: ("mdi6.check-circle-outline", "good"),
        Severity.WARNING: ("mdi6.alert-outline", "warn"),
        Severity.BLOCKED: ("mdi6.close-octagon-outline", "bad"),
    }[row.level]


class FileNames(QListView):
    """A few names in sight, each cut in its middle where it is too long."""

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._names = QStringListModel(self)
        self.setModel(self._names)
        self.setItemDelegate(_FileDelegate(self))

    def show_names(self, names: Sequence[str]) -> None:
        """Show these; what is selected stays when they are the same."""
        if list(names) != self._names.stringList():
            self._names.setStringList(names)
        self.setFixedHeight(min(len(names), _NAMES_SHOWN) * _NAME_HEIGHT + theme.TIGHT)


class FilesetDetails(QFrame):
    """The whole verdict and the files of one fileset; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        theme.set_role(self, "details")
        self._icon = IconLabel()
        self._result = label("", wrap=True)
        self._result.setObjectName("import.verdict")
        self.ignore = button(
            "Ignore",
            "import.ignore",
            role="quiet",
            icon_name=IGNORE_ICON,
            tip="It does not matter: the folder counts as complete without it",
        )
        self.anyway = button(
            "Import anyway",
            "import.anyway",
            role="quiet",
            icon_name=ANYWAY_ICON,
            tip=ANYWAY_TIP,
        )
        self._names = FileNames("import.files", "Files of the selected fileset")
        line = QFrame()
        theme.set_role(line, "line")
        text = QHBoxLayout()
        text.setSpacing(theme.SMALL)
        text.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        text.addWidget(self._result, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MEDIUM, theme.TIGHT, theme.MEDIUM, theme.TIGHT)
        layout.setSpacing(theme.TIGHT)
        layout.addWidget(line)
        layout.addLayout(text)
        layout.addLayout(self._choices())
        layout.addWidget(self._names)

    def _choices(self) -> QHBoxLayout:
        across = QHBoxLayout()
        across.setSpacing(theme.SMALL)
        across.addWidget(self.anyway)
        across.addWidget(self.ignore)
        across.addStretch(1)
        return across

    def allow_anyway(self, *, allowed: bool) -> None:
        """Nothing is imported anyway during a look."""
        self.anyway.setEnabled(allowed)
        self.anyway.setToolTip(ANYWAY_TIP if allowed else SCANNING_TIP)

    def show_row(self, row: FilesetRow | None) -> None:
        """Show one fileset."""
        self.setVisible(row is not None)
        if row is None:
            return
        name, colour = result_style(row)
        self._icon.show_icon(name, colour, EDGE)
        self._result.setText(reported(row))
        self.ignore.setText(ignore_text([row]))
        self.ignore.setVisible(not row.included)
        self.anyway.setVisible(row.can_anyway)
        files = row.candidate.files if row.candidate else ()
        names = [file.client_path for file in files[:MOST_NAMES]]
        if len(files) > MOST_NAMES:
            names.append(f"… and {len(files) - MOST_NAMES:,} more")
        self._names.show_names(names)
        # One file is the fileset itself: its name stands in the list already.
        self._names.setVisible(len(names) > 1)


class _FileDelegate(QStyledItemDelegate):
    """A name takes the width that there is, and is cut in its middle."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return a height; any width will do."""
        return QSize(10, _NAME_HEIGHT)
