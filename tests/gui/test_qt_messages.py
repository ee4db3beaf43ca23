"""What Qt prints is one event of the log, at the level that Qt gave it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import qCritical, qDebug, qInstallMessageHandler, qWarning
from structlog.testing import capture_logs

from transferapp.desktop.loop import log_qt_messages


@pytest.fixture(autouse=True)
def own_handler() -> Iterator[None]:
    before = qInstallMessageHandler(None)
    log_qt_messages()
    yield
    qInstallMessageHandler(before)


def test_each_level_is_kept() -> None:
    with capture_logs() as logs:
        qDebug("a detail")
        qWarning("something odd")
        qCritical("something bad")
    assert [(e["event"], e["log_level"], e["text"]) for e in logs] == [
        ("Qt says", "debug", "a detail"),
        ("Qt says", "warning", "something odd"),
        ("Qt says", "error", "something bad"),
    ]
