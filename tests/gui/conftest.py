"""No screen, and nothing of Qt left running after a test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Tests must find neither a real session bus nor a real keyring.
os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent/bus"

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication

from tests.support.qt_story import playing
from tests.support.shell_env import Env, Play
from transferapp.desktop.widgets import theme


@pytest.fixture(autouse=True)
def nothing_of_qt_is_left(qapp: QApplication) -> Iterator[None]:
    """Fail when a window, a thread or a running timer outlives its test."""
    yield
    for widget in QApplication.topLevelWidgets():
        if not widget.isVisible() and widget.parent() is None:
            widget.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QThreadPool.globalInstance().waitForDone(1000)
    visible = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert not visible, f"windows left open: {visible}"
    left = [thing for thing in _alive() if _runs(thing)]
    assert not left, f"still running: {left}"


@pytest.fixture
def dressed(qapp: QApplication, tmp_path: Path) -> Iterator[None]:
    """The application in its own looks, which sizes and colours depend on."""
    theme.apply_theme(qapp, tmp_path / "theme")
    yield
    qapp.setStyleSheet("")


@pytest.fixture
def shell(tmp_path: Path) -> Play:
    """Play a story on the whole window, before anybody has signed in."""
    return playing(lambda: Env(tmp_path))


def _alive() -> list[QTimer | QThread]:
    found = (o for o in gc.get_objects() if isinstance(o, QTimer | QThread))
    return [thing for thing in found if shiboken6.isValid(thing)]


def _runs(thing: QTimer | QThread) -> bool:
    if isinstance(thing, QTimer):
        return thing.isActive()
    return thing.isRunning() and thing is not QThread.currentThread()
