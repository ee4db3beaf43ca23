"""Files that are read in a thread for the Import page: how far that is, and stopping it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transferapp.desktop.imports.list import ScanProgress

Report = Callable[[ScanProgress], None]


class Reading:
    """At most one reading at a time; ``progress`` is None while there is none."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """``changed`` is called when there is something new to show."""
        self.progress: ScanProgress | None = None
        self._changed = changed
        self._cancel = threading.Event()

    @contextmanager
    def begun(self, progress: ScanProgress) -> Iterator[tuple[threading.Event, Report]]:
        """Show that files are being read; gives how to see that it was stopped, and how to
        tell of it from the thread.
        """
        loop = asyncio.get_running_loop()
        self._cancel = cancel = threading.Event()
        self._show(progress)

        def report(reported: ScanProgress) -> None:
            loop.call_soon_threadsafe(self._reported, cancel, reported)

        try:
            yield cancel, report
        finally:
            cancel.set()
            self._show(None)

    def stop(self) -> None:
        """Stop it: a person does not wish to wait."""
        self._cancel.set()

    def _reported(self, cancel: threading.Event, progress: ScanProgress) -> None:
        if self.progress is not None and cancel is self._cancel:
            self._show(progress)

    def _show(self, progress: ScanProgress | None) -> None:
        self.progress = progress
        self._changed()
