"""Show the three promises apart, each with its reason while it is not yet kept."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from transferapp.desktop.transfers.promise_texts import PromiseLine
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import IconLabel, label

PROMISE_ICONS = {
    "logOff": "mdi6.logout",
    "switchOff": "mdi6.power",
    "deleteSource": "mdi6.trash-can-outline",
}
_EDGE = 22


class PromisePanel(QFrame):
    """One line per promise. ``name`` is the start of the lines' object names:
    ``<name>.logOff``, ``<name>.switchOff``, ``<name>.deleteSource``.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SMALL)
        self._lines: dict[str, tuple[IconLabel, QLabel]] = {}
        for key in PROMISE_ICONS:
            icon, text = IconLabel(), label("", wrap=True)
            icon.setFixedSize(_EDGE, _EDGE)
            text.setObjectName(f"{name}.{key}")
            line = QHBoxLayout()
            line.setSpacing(theme.MEDIUM)
            line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(text, 1)
            layout.addLayout(line)
            self._lines[key] = (icon, text)

    def show_lines(self, lines: Sequence[PromiseLine]) -> None:
        """Show these promises; the others do not apply."""
        by_key = {line.key: line for line in lines}
        for key, (icon, text) in self._lines.items():
            line = by_key.get(key)
            icon.setVisible(line is not None)
            text.setVisible(line is not None)
            if line is not None and line.text != text.text():
                _show(line, icon, text)


def _show(line: PromiseLine, icon: IconLabel, text: QLabel) -> None:
    name, colour, role = "mdi6.timer-sand", "text_faint", "muted"
    if line.safe:
        name, colour, role = "mdi6.check-circle", "good", "good"
    elif line.partly:
        name, colour, role = "mdi6.alert-circle-outline", "warn", "warn"
    icon.show_icon(name, colour, _EDGE - 2)
    text.setText(line.text)
    theme.set_role(text, role)
