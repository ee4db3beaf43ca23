"""The notifier ``chime``: a line in the file CHIME_FILE for each outcome."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from typing_extensions import override

from transferapp.errors import Unavailable
from transferapp.host.clock import Clock
from transferapp.notify.port import Batch, Preferences, Sender


class Chime(Sender):
    """Appends to a file; a batch that comes again is written once."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @override
    async def send(self, batch: Batch, to: Preferences) -> None:
        """Write it; raises Unavailable while the file cannot be written."""
        try:
            await asyncio.to_thread(self._append, batch, to.username)
        except OSError as error:
            raise Unavailable(f"CHIME_FILE cannot be written ({error.strerror}).") from error

    def _append(self, batch: Batch, username: str) -> None:
        before = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        if f"{batch.id} " in before:
            return
        with self._file.open("a", encoding="utf-8") as lines:
            lines.writelines(f"{batch.id} {username}: {one.title}\n" for one in batch.notables)

    @override
    async def aclose(self) -> None:
        """Nothing is held."""


def open_chime(_clock: Clock) -> Sender:
    """Return the notifier; its file is named by CHIME_FILE."""
    return Chime(Path(os.environ.get("CHIME_FILE", "chime.txt")))
