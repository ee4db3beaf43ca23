"""Words on the page: headings, captions, empty states and labels that shorten themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.tips import tip_text


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """Return a plain-text label; ``role`` is title, heading, muted, faint, caption, ..."""
    made = QLabel(text)
    # File and image names are other people's words: never read them as markup.
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        theme.set_role(made, role)
    return made


class IconLabel(QLabel):
    """A label that shows an icon and draws it again when the theme changes."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, str, int] | None = None
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def show_icon(self, name: str, colour: str, edge: int) -> None:
        """Show an icon in a colour of ``theme.Colours``, ``edge`` pixels wide."""
        self._shown = (name, colour, edge)
        self.setPixmap(theme.icon(name, colour=colour).pixmap(edge, edge))

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Draw it again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._shown is not None:
            self.show_icon(*self._shown)


class ElidedLabel(QLabel):
    """A label that shows as much of its text as there is room for; the tip has it all."""

    def __init__(self, text: str = "", role: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            theme.set_role(self, role)

    @override
    def minimumSizeHint(self) -> QSize:
        """Return a width that any pane can give."""
        return QSize(20, super().minimumSizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the middle-shortened text."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, self.contentsRect().width()
        )
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(self.alignment()), text)
        painter.end()

    @override
    def setText(self, text: str) -> None:
        """Show another text; the tip follows."""
        super().setText(text)
        self._renew_tip()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer the whole text as a tip when it does not fit."""
        super().resizeEvent(event)
        self._renew_tip()

    def _renew_tip(self) -> None:
        wide = self.fontMetrics().horizontalAdvance(self.text())
        self.setToolTip(tip_text(self.text()) if wide > self.contentsRect().width() else "")


class EmptyState(QWidget):
    """What a page shows when there is nothing yet: an icon, a sentence, what to do."""

    def __init__(self, icon_name: str, title: str, text: str = "") -> None:
        super().__init__()
        self._icon_name = icon_name
        self._icon = IconLabel()
        self._title = label(title, "heading", wrap=True)
        self._text = label(text, "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.HUGE, theme.LARGE, theme.HUGE, theme.LARGE)
        layout.setSpacing(theme.SMALL)
        layout.addStretch(2)
        for part in (self._icon, self._title, self._text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(part)
        self._layout = layout
        layout.addStretch(3)
        self.show_text(title, text)

    def show_text(self, title: str, text: str = "", icon_name: str = "") -> None:
        """Change what is said."""
        self._icon_name = icon_name or self._icon_name
        self._icon.show_icon(self._icon_name, "border_strong", 48)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))

    def add_button(self, text: str, object_name: str) -> QPushButton:
        """Add a button below the words and return it."""
        button = QPushButton(text)
        button.setObjectName(object_name)
        self._layout.insertWidget(
            self._layout.count() - 1, button, 0, Qt.AlignmentFlag.AlignHCenter
        )
        return button
