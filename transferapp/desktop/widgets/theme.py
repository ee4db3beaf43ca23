"""The look, in one place: colours, spacing, fonts, icons and the one style sheet."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path

import qtawesome
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QWidget

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

    def dress() -> None:
        _current[:] = [load_colours(dark=hints.colorScheme() is Qt.ColorScheme.Dark)]
        qtawesome.reset_cache()
        app.setPalette(_palette(colours()))
        app.setStyleSheet(_style_sheet(colours(), icon_cache))

    dress()
    hints.colorSchemeChanged.connect(lambda _scheme: dress())


def icon(name: str, *, colour: str | None = None) -> QIcon:
    """Return an icon in a colour of the scheme (default: muted text)."""
    return qtawesome.icon(  # type: ignore[no-any-return]
        name, color=colour or colours().text_muted, color_disabled=colours().border_strong
    )


def nav_icon(name: str) -> QIcon:
    """Return an icon that takes the accent colour when its button is checked."""
    return qtawesome.icon(  # type: ignore[no-any-return]
        name, color=colours().text_muted, color_on=colours().accent
    )


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
    target.mkdir(parents=True, exist_ok=True)
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
