"""One quiet line for the files that are no images, which opens to their names."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.imports.anyway import others_reported
from transferapp.desktop.imports.fileset_details import (
    ANYWAY_ICON,
    ANYWAY_TIP,
    EDGE,
    IGNORE_ICON,
    SCANNING_TIP,
    FileNames,
    all_ignored,
    ignore_text,
)
from transferapp.desktop.imports.list import FilesetRow
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.desktop.loop import spawn
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import IconLabel, label
from transferapp.desktop.widgets.listening import listen
from transferapp.intake.target import ONLY_KNOWN

_ATTACH_TIP = "They are uploaded with the images, and lie beside them as attachments"
_ALLOWED = "Nobody here knows their format. The repository may refuse what you import anyway."


class OtherFiles(QFrame):
    """How many they are; hidden without any. ``opened`` tells that the names are shown.

    Names: ``import.others``, ``import.others.show``, ``import.others.ignore``,
    ``import.others.attach``, ``import.others.files``, ``import.others.anyway``,
    ``import.others.why``.
    """

    opened = Signal()

    def __init__(self, presenter: ImportPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._rows: tuple[FilesetRow, ...] = ()
        self._text = label("", "muted", wrap=True)
        self._text.setObjectName("import.others")
        self._icon = IconLabel()
        self._icon.show_icon("mdi6.file-outline", "text_muted", EDGE)
        self._show_names = button("Names", "import.others.show", role="quiet")
        self._show_names.clicked.connect(self._toggle)
        self._ignore = button(
            "",
            "import.others.ignore",
            role="quiet",
            icon_name=IGNORE_ICON,
            tip="They do not matter: the folder counts as complete without them",
        )
        self._ignore.clicked.connect(self._ignore_all)
        self._attach = QCheckBox()
        self._attach.setObjectName("import.others.attach")
        self._attach.clicked.connect(lambda on: presenter.attaching.request(requested=on))
        self._names = FileNames("import.others.files", "Files that are not images")
        self._names.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._names.selectionModel().selectionChanged.connect(self._selection_changed)
        self._anyway = button(
            "Import anyway",
            "import.others.anyway",
            role="quiet",
            icon_name=ANYWAY_ICON,
            tip=ANYWAY_TIP,
        )
        self._anyway.clicked.connect(self._import_selected)
        self._why = label("", "muted", wrap=True)
        self._why.setObjectName("import.others.why")
        self._inside = QWidget()
        self._lay_out()
        self.close_names()
        listen(self, presenter.rows_changed, self._show)
        listen(self, presenter.changed, self._selection_changed)
        # Where the images go decides whether anything can be attached there.
        listen(self, presenter.targets.changed, self._show_attaching)
        listen(self, presenter.attaching.changed, self._show_attaching)
        self._show()

    def close_names(self) -> None:
        """Show the line only."""
        self._open(opened=False)

    def offer_attaching(self, *, offered: bool) -> None:
        """Show the box, or give its room to a fileset's details; a wish is kept."""
        self._attach.setVisible(offered)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(theme.SMALL)
        line.addWidget(self._icon)
        line.addWidget(self._text, 1)
        line.addWidget(self._show_names)
        line.addWidget(self._ignore)
        choice = QHBoxLayout()
        choice.setSpacing(theme.SMALL)
        choice.addWidget(self._why, 1)
        choice.addWidget(self._anyway)
        inside = QVBoxLayout(self._inside)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.TIGHT)
        inside.addWidget(self._names)
        inside.addLayout(choice)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MEDIUM, 0, theme.SMALL, 0)
        layout.setSpacing(theme.TIGHT)
        layout.addLayout(line)
        layout.addWidget(self._attach, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._inside)

    def _show(self) -> None:
        self._rows = self._presenter.others
        self.setVisible(bool(self._rows))
        self._show_attaching()
        self._ignore.setText(ignore_text(self._rows))
        allowed = any(row.can_anyway for row in self._rows)
        self._anyway.setVisible(allowed)
        self._why.setText(_ALLOWED if allowed else ONLY_KNOWN)
        self._show_inside()

    def _show_attaching(self) -> None:
        attaching = self._presenter.attaching
        why_not = attaching.why_not
        self._text.setText(others_reported(self._rows, len(attaching.files)))
        self._attach.setText(attaching.text)
        self._attach.setChecked(attaching.requested and not why_not)
        self._attach.setEnabled(not why_not)
        self._attach.setToolTip(why_not or _ATTACH_TIP)
        self._attach.setAccessibleDescription(why_not or _ATTACH_TIP)

    def _show_inside(self) -> None:
        if self._inside.isVisibleTo(self):
            self._names.show_names([row.reported_path for row in self._rows])
        self._selection_changed()

    def _selection_changed(self, *_selections: QItemSelection) -> None:
        scanning = self._presenter.scanning is not None
        self._anyway.setEnabled(self._names.selectionModel().hasSelection() and not scanning)
        self._anyway.setToolTip(SCANNING_TIP if scanning else ANYWAY_TIP)

    def _toggle(self) -> None:
        self._open(opened=not self._inside.isVisibleTo(self))

    def _open(self, *, opened: bool) -> None:
        self._inside.setVisible(opened)
        up_or_down = "mdi6.chevron-up" if opened else "mdi6.chevron-down"
        self._show_names.setIcon(theme.icon(up_or_down, colour="accent"))
        text = "Hide the names" if opened else "Show the names"
        self._show_names.setToolTip(text)
        self._show_names.setAccessibleName(text)
        self._show_inside()
        if opened:
            self.opened.emit()

    def _ignore_all(self) -> None:
        keys = [row.key for row in self._rows]
        self._presenter.ignore(keys, ignored=not all_ignored(self._rows))

    def _import_selected(self) -> None:
        chosen = self._names.selectionModel().selectedIndexes()
        spawn(self._presenter.import_anyway([self._rows[one.row()].key for one in chosen]))
