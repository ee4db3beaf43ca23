"""The base of our dialogs."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QDialog
from typing_extensions import override


class Dialog(QDialog):
    """A dialog that grows when its texts do: Qt measures wrapped ones once, when it opens."""

    @override
    def event(self, event: QEvent) -> bool:
        """Grow after the layout has changed."""
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            need = self.heightForWidth(self.width())
            if need > self.height():
                self.resize(self.width(), need)
        return handled
