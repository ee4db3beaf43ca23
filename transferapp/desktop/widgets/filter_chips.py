"""Choose one of a few filters, each with its count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton

from transferapp.desktop.widgets import theme


class FilterChips(QFrame):
    """A row of buttons of which one is on. ``chosen`` carries its key.

    Names: ``<name>.<key>``.
    """

    chosen = Signal(str)

    def __init__(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SMALL)
        self._text = dict(choices)
        self._chips: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for key, text in choices:
            chip = QPushButton(text)
            chip.setObjectName(f"{name}.{key}")
            chip.setCheckable(True)
            theme.set_role(chip, "chip")
            chip.clicked.connect(lambda _on=False, k=key: self.chosen.emit(k))
            group.addButton(chip)
            layout.addWidget(chip)
            self._chips[key] = chip
        layout.addStretch(1)
        next(iter(self._chips.values())).setChecked(True)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Put a count behind each word."""
        for key, chip in self._chips.items():
            chip.setText(f"{self._text[key]}  {counts.get(key, 0):,}")

    def choose(self, key: str) -> None:
        """Switch a chip on without a signal."""
        self._chips[key].setChecked(True)
