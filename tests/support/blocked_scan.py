"""A look that stops after the first verdicts until a test lets it go on."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.transfer_fakes import until
from transferapp.desktop.imports import list as import_list
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.errors import Cancelled
from transferapp.host.resources import resource
from transferapp.intake.judging import Judged, judge

LONG_AGO = 1_700_000_000


class BlockedScan:
    """Holds every look in its thread, once the first fileset was told of."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = 0

    def judge(
        self, *given: Any, cancel: threading.Event, **more: Any
    ) -> Iterator[list[Judged]]:
        """Judge as always, with a stop."""
        self.begun += 1
        held = False
        for some in judge(*given, cancel=cancel, **more):
            yield some[:1]
            while some and not held and not self.go_on.wait(0.01):
                if cancel.is_set():
                    raise Cancelled
            held = held or bool(some)
            yield some[1:]

    async def first(self, presenter: ImportPresenter) -> str:
        """Wait for the first verdict of a look, and return its row's key."""
        await until(lambda: presenter.rows, 10)
        return presenter.rows[-1].key


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[BlockedScan]:
    """Looks stop after their first verdict."""
    scan = BlockedScan()
    monkeypatch.setattr(import_list, "judge", scan.judge)
    yield scan
    scan.go_on.set()


def pictures(folder: Path, count: int) -> Path:
    """Make a folder of good images, as links to one."""
    folder.mkdir(parents=True)
    first = folder / "p0.png"
    shutil.copy(next(resource("sample-data", "png-cells").glob("*.png")), first)
    os.utime(first, (LONG_AGO, LONG_AGO))
    for number in range(1, count):
        (folder / f"p{number}.png").hardlink_to(first)
    return folder
