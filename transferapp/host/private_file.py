"""Files that nobody else may read: secrets instead of in the environment, and logs."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from transferapp.errors import SettingsInvalid

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_text(path: Path, setting: str) -> str:
    """Return the stripped text; raises SettingsInvalid, naming ``setting``, when others
    may read the file or it is empty or missing.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise SettingsInvalid(f"{setting}: others may read the file. Run: chmod 600 on it.")
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsInvalid(f"{setting}: it cannot be read ({error.strerror}).") from error
    if not text:
        raise SettingsInvalid(f"{setting}: the file is empty.")
    return text


def append_private(path: Path) -> BinaryIO:
    """Open a log to write at its end, for this account only; an older one is narrowed."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, 0o600)
    return os.fdopen(handle, "ab")
