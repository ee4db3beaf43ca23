"""Python's search for cycles, while very many objects are made that have none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Objects made between two searches; Python's own 700 mean that all files found so far are
#: gone through again and again while more are found.
_SELDOM = 200_000
_lock = threading.Lock()
_running: list[tuple[int, int, int]] = []


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Search seldom while the block runs; several may run at once, in threads."""
    with _lock:
        before = _running[0] if _running else gc.get_threshold()
        _running.append(before)
        gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        with _lock:
            before = _running.pop()
            if not _running:
                gc.set_threshold(*before)


def is_seldom() -> bool:
    """Say whether such a block runs."""
    return bool(_running)


def spare_what_is_there() -> None:
    """Leave all objects that are there now out of later searches: going through a list of
    100,000 filesets once would make a window stand still for a quarter of a second.
    """
    gc.freeze()


def let_go(*held: dict[Any, Any]) -> None:
    """Forget very many objects one by one; call it in a thread.

    Forgotten at once, 100,000 filesets take a tenth of a second in which no other thread
    runs.
    """
    for things in held:
        while things:
            things.popitem()
