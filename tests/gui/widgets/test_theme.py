"""The look follows the system from light to dark while the window is open."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.support.image_env import ImageEnv
from transferapp.desktop.session.presenter import SessionPresenter
from transferapp.desktop.shell.header import Header
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button, icon_button
from transferapp.desktop.widgets.labels import EmptyState, IconLabel

# The offscreen platform says so of every window.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

LIGHT, DARK = theme.load_colours(dark=False), theme.load_colours(dark=True)
EDGE = 32
Turn = Callable[[Qt.ColorScheme], None]


@pytest.fixture
def turn(qapp: QApplication, tmp_path: Path) -> Iterator[Turn]:
    """Turn the system dark or light, as Qt tells it."""
    theme.apply_theme(qapp, tmp_path / "theme")
    changed = qapp.styleHints().colorSchemeChanged
    yield changed.emit
    changed.emit(Qt.ColorScheme.Light)
    qapp.setStyleSheet("")


def ink(image: QImage) -> str:
    """Return the colour that most pixels of a drawing have, of those that are drawn."""
    pixels = (image.pixelColor(x, y) for x in range(EDGE) for y in range(EDGE))
    drawn = Counter(colour.name().upper() for colour in pixels if colour.alpha() == 255)
    return drawn.most_common(1)[0][0]


def drawn_by(
    icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off
) -> str:
    return ink(icon.pixmap(EDGE, EDGE, mode, state).toImage())


def test_icons_that_are_there_already_change_their_colour(turn: Turn) -> None:
    primary = button("Import", "b", role="primary", icon_name="mdi6.square").icon()
    plain = icon_button("mdi6.square", "Refresh", "r").icon()
    nav, fixed = theme.nav_icon("mdi6.square"), theme.icon("mdi6.square", colour="#12AB34")
    gc.collect()
    on, off = (QIcon.Mode.Normal, QIcon.State.On), (QIcon.Mode.Disabled, QIcon.State.Off)
    for scheme, expected in (
        (Qt.ColorScheme.Light, LIGHT),
        (Qt.ColorScheme.Dark, DARK),
        (Qt.ColorScheme.Light, LIGHT),
    ):
        turn(scheme)
        assert drawn_by(primary) == expected.on_accent
        assert drawn_by(plain) == expected.text_muted
        assert drawn_by(plain, *off) == expected.border_strong
        assert drawn_by(nav, *on) == expected.accent
        assert drawn_by(fixed) == "#12AB34"


def test_a_button_on_the_screen_is_drawn_anew(turn: Turn, qtbot: QtBot) -> None:
    tool = QToolButton()
    tool.setIcon(theme.icon("mdi6.square", colour="bad"))
    tool.setIconSize(theme.icon_size(EDGE))
    qtbot.addWidget(tool)
    tool.show()
    centre = tool.rect().center()
    assert tool.grab().toImage().pixelColor(centre).name().upper() == LIGHT.bad
    turn(Qt.ColorScheme.Dark)
    assert tool.grab().toImage().pixelColor(centre).name().upper() == DARK.bad


def test_labels_with_icons_are_drawn_anew(turn: Turn, qtbot: QtBot) -> None:
    banner, empty = MessageBanner(), EmptyState("mdi6.square", "Nothing")
    banner.show_message("Careful", tone="warn")
    for widget in (banner, empty):
        qtbot.addWidget(widget)
    (warning,), (faint,) = (w.findChildren(IconLabel) for w in (banner, empty))
    turn(Qt.ColorScheme.Dark)
    assert ink(faint.pixmap().toImage().scaled(EDGE, EDGE)) == DARK.border_strong
    assert QColor(DARK.warn) in colours_of(warning.pixmap().toImage())


def colours_of(image: QImage) -> list[QColor]:
    columns, rows = range(image.width()), range(image.height())
    return [image.pixelColor(x, y) for x in columns for y in rows]


def test_the_dot_of_the_header_too(turn: Turn, qtbot: QtBot, tmp_path: Path) -> None:
    session: SessionPresenter = ImageEnv().session(tmp_path)
    header = Header(session)
    qtbot.addWidget(header)
    turn(Qt.ColorScheme.Dark)
    assert DARK.text_faint in header._dot.styleSheet()


def test_the_style_sheet_and_palette_turn_too(turn: Turn, qtbot: QtBot) -> None:
    page = QWidget()
    page.setObjectName("page")
    qtbot.addWidget(page)
    turn(Qt.ColorScheme.Dark)
    assert QApplication.palette().window().color().name().upper() == DARK.window
    assert page.grab().toImage().pixelColor(5, 5).name().upper() == DARK.window
