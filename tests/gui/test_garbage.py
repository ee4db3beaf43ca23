"""Qt objects that are garbage die on the thread of the window, whoever allocates."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject

from tests.support.qt_story import play
from tests.support.transfer_fakes import until
from transferapp.desktop import loop


class Cycle(QObject):
    """A Qt object that only the cycle collector can find."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self
        self.startTimer(1000)


def allocate() -> list[list[int]]:
    """Make enough objects for Python to collect in this thread, if it may."""
    return [[n] for n in range(200_000)]


@pytest.mark.usefixtures("qapp")
def test_garbage_is_collected_where_qt_lives() -> None:
    died_in: list[threading.Thread] = []

    async def story() -> None:
        loop.spawn(loop.collect_garbage(pause_s=0.05))
        await asyncio.sleep(0)
        assert not gc.isenabled()
        cycle = Cycle()
        weakref.finalize(cycle, lambda: died_in.append(threading.current_thread()))
        del cycle
        kept = await asyncio.to_thread(allocate)
        await until(lambda: died_in, 10)
        assert kept

    play(story)
    assert died_in == [threading.main_thread()]
    assert gc.isenabled()
