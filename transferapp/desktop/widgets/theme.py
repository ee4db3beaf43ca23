"""The look, in one place: colours, spacing, fonts, icons and the one style sheet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import qtawesome
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
    QPixmapCache,
)
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from transferapp.host.paths import private_folder
from transferapp.host.resources import resource

#: Spacing in pixels: between related things, between groups, around pages.
TIGHT, SMALL, MEDIUM, LARGE, HUGE = 4, 8, 12, 20, 32
#: Edge of icons in buttons and of icons in the rail, in pixels.
ICON, NAV_ICON = 18, 24


@dataclass(frozen=True, slots=True)
class Colours:
    """The named colours of a scheme, as ``#RRGGBB``; each pair is readable (WCAG AA)."""

    window: str
    surface: str
    raised: str
    sunken: str
    rail: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    text_faint: str
    accent: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    on_accent: str
    hover: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    scroll: str
    #: Behind images: dark in both schemes.
    canvas: str


def load_colours(*, dark: bool) -> Colours:
    """Read a scheme from resources."""
    path = resource("theme", "dark.json" if dark else "light.json")
    return Colours(**json.loads(path.read_text(encoding="utf-8")))


_current: list[Colours] = []


def colours() -> Colours:
    """Return the scheme in use (light before ``apply_theme``)."""
    if not _current:
        _current.append(load_colours(dark=False))
    return _current[0]


def apply_theme(app: QApplication, icon_cache: Path) -> None:
    """Dress the application, now and whenever the system turns dark or light.

    ``icon_cache`` is a folder for the few small images that the style sheet refers to.
    """
    app.setStyle("Fusion")
    for font in sorted(resource("theme", "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(font))
    app.setFont(QFont("Inter", 10))
    hints = app.styleHints()

    def dress(scheme: Qt.ColorScheme) -> None:
        _current[:] = [load_colours(dark=scheme is Qt.ColorScheme.Dark)]
        qtawesome.reset_cache()
        app.setPalette(_palette(colours()))
        app.setStyleSheet(_style_sheet(colours(), icon_cache))

    dress(hints.colorScheme())
    hints.colorSchemeChanged.connect(dress)


def colour_of(role: str) -> str:
    """Return the ``#RRGGBB`` that a colour of ``Colours`` has now; others are their own."""
    return str(getattr(colours(), role, role))


class _LiveIcon(QIconEngine):
    """Asks for its colours when it is drawn, so that it follows the theme."""

    def __init__(self, name: str, roles: Mapping[str, str]) -> None:
        super().__init__()
        self._name = name
        self._roles = roles

    @override
    def paint(
        self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State
    ) -> None:
        # Drawn once: a list of verdicts would take most of its time for it, line by line.
        values = {option: colour_of(role) for option, role in self._roles.items()}
        ratio = painter.device().devicePixelRatioF()
        size = rect.size()
        edges = f"{size.width()}x{size.height()}@{ratio}"
        key = f"{self._name} {mode.value} {state.value} {edges} {' '.join(values.values())}"
        kept = QPixmap()
        if not QPixmapCache.find(key, kept):
            kept = QPixmap(size * ratio)
            kept.setDevicePixelRatio(ratio)
            kept.fill(Qt.GlobalColor.transparent)
            within = QPainter(kept)
            # Made once per colour: qtawesome keeps what it made.
            made = qtawesome.icon(self._name, **values)
            whole = QRect(QPoint(), size)
            made.paint(within, whole, Qt.AlignmentFlag.AlignCenter, mode, state)
            within.end()
            QPixmapCache.insert(key, kept)
        painter.drawPixmap(rect, kept)

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, made.rect(), mode, state)
        painter.end()
        return made


def icon(name: str, *, colour: str = "text_muted") -> QIcon:
    """Return an icon that keeps to a colour of ``Colours`` (or has a fixed ``#RRGGBB``)."""
    if colour.startswith("#"):  # Delegates, which ask anew each time they paint.
        return qtawesome.icon(name, color=colour)  # type: ignore[no-any-return]
    return QIcon(_LiveIcon(name, {"color": colour, "color_disabled": "border_strong"}))


def nav_icon(name: str) -> QIcon:
    """Return an icon that takes the accent colour when its button is checked."""
    return QIcon(_LiveIcon(name, {"color": "text_muted", "color_on": "accent"}))


def icon_size(edge: int = ICON) -> QSize:
    """Return a square size."""
    return QSize(edge, edge)


def set_role(widget: QWidget, role: str, *, tone: str | None = None) -> None:
    """Give a widget its look: ``role`` and ``tone`` are what the style sheet selects by."""
    widget.setProperty("role", role)
    if tone is not None:
        widget.setProperty("tone", tone)
    restyle(widget)


def restyle(widget: QWidget) -> None:
    """Let the style sheet see changed properties."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def _style_sheet(scheme: Colours, icon_cache: Path) -> str:
    values = {field.name: getattr(scheme, field.name) for field in fields(Colours)}
    values["icons"] = _write_icons(scheme, icon_cache).as_posix()
    text = resource("theme", "style.qss").read_text(encoding="utf-8")
    return re.sub(r"@([a-z_]+)", lambda match: values[match[1]], text)


#: Small marks that QSS can only take from files: path data in a box of 16.
_MARKS = {
    "chevron-down": ("M4 6l4 4 4-4", "text_muted"),
    "chevron-right": ("M6 4l4 4-4 4", "text_muted"),
    "check": ("M3.5 8.5l3 3 6-7", "on_accent"),
}


def _write_icons(scheme: Colours, folder: Path) -> Path:
    # A folder of its own per scheme: Qt caches images by their path.
    target = folder / f"marks-{scheme.window.lstrip('#')}"
    private_folder(target)
    for name, (path, colour) in _MARKS.items():
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16">'
            f'<path d="{path}" fill="none" stroke="{getattr(scheme, colour)}"'
            ' stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>'
        )
        (target / f"{name}.svg").write_text(svg, encoding="utf-8")
    return target


def _palette(scheme: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: scheme.window,
        QPalette.ColorRole.WindowText: scheme.text,
        QPalette.ColorRole.Base: scheme.surface,
        QPalette.ColorRole.AlternateBase: scheme.sunken,
        QPalette.ColorRole.Text: scheme.text,
        QPalette.ColorRole.PlaceholderText: scheme.text_faint,
        QPalette.ColorRole.Button: scheme.surface,
        QPalette.ColorRole.ButtonText: scheme.text,
        QPalette.ColorRole.Highlight: scheme.accent,
        QPalette.ColorRole.HighlightedText: scheme.on_accent,
        QPalette.ColorRole.Link: scheme.accent,
        QPalette.ColorRole.ToolTipBase: scheme.text,
        QPalette.ColorRole.ToolTipText: scheme.surface,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    return palette
