"""Read secrets from files that nobody else may read, instead of from the environment."""

from __future__ import annotations

import stat
from pathlib import Path

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
