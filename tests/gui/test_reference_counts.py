"""A one-second guard: PySide6 6.12.0 drops references on Python 3.11 and crashes later."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication, QLabel

CALLS = 300


def calls(app: QApplication) -> dict[str, Callable[[], object]]:
    label, timer = QLabel("a"), QTimer()
    timer.setInterval(1_000_000)

    def start() -> None:
        timer.start()
        timer.stop()

    return {
        "processEvents": app.processEvents,
        "sendPostedEvents": QCoreApplication.sendPostedEvents,
        "setText": lambda: label.setText("b"),
        "update": label.update,
        "resize": lambda: label.resize(20, 20),
        "QTimer.start": start,
        "isVisible": label.isVisible,
    }


NAMES = (
    "processEvents",
    "sendPostedEvents",
    "setText",
    "update",
    "resize",
    "QTimer.start",
    "isVisible",
)


@pytest.mark.parametrize("name", NAMES)
def test_void_calls_keep_the_references_of_none(qapp: QApplication, name: str) -> None:
    call = calls(qapp)[name]
    call()
    before = [sys.getrefcount(value) for value in (None, True, False)]
    for _ in range(CALLS):
        call()
    after = [sys.getrefcount(value) for value in (None, True, False)]
    lost = [was - now for was, now in zip(before, after, strict=True)]
    assert max(lost) < CALLS / 10, f"{name} lost {lost} references in {CALLS} calls"
