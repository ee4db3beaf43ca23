"""The repository ``shelf``. It stands on the embedded one, to be short: yours has its own."""

from __future__ import annotations

import os
from pathlib import Path

from transferapp.errors import SettingsInvalid
from transferapp.host.clock import Clock
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.port import Repository


def open_shelf(clock: Clock) -> Repository:
    """Return the repository in the folder SHELF_FOLDER; raises SettingsInvalid without it."""
    folder = os.environ.get("SHELF_FOLDER")
    if not folder:
        raise SettingsInvalid("SHELF_FOLDER is not set. Name the folder of the shelf.")
    return LocalRepository(Path(folder), clock, name="shelf")
