"""Files of the facility that decide what workers do: TOML that only an administrator writes."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from transferapp.errors import SettingsInvalid

M = TypeVar("M", bound=BaseModel)

_OTHERS_WRITE = 0o022
#: People read it, too, whose exports and commands wait for the file.
_WHOSE = "The administrator of the server has to mend it."


def read_administered(path: Path, setting: str, model: type[M]) -> M:
    """Read a file that the setting names; raises SettingsInvalid, which names setting and key,
    also for a file that others than root and our own account could change.
    """
    try:
        _check_owner(path, setting)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        text = f"{setting}: {path} cannot be read ({reason}). {_WHOSE}"
        raise SettingsInvalid(text) from error
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"{setting}: {path} is not TOML: {error}. {_WHOSE}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        # What concerns the whole file has no key.
        where = f"{setting}: {key}" if key else setting
        raise SettingsInvalid(f"{where}: {what}. {_WHOSE}") from error


def _check_owner(path: Path, setting: str) -> None:
    """Who may write such a file has the worker's account do things."""
    if not hasattr(os, "geteuid"):
        return  # no such owners on Windows
    found = path.stat()
    if found.st_mode & _OTHERS_WRITE or found.st_uid not in {0, os.geteuid()}:
        raise SettingsInvalid(
            f"{setting}: others could change {path}. It must belong to root or to the"
            f" server's account. Run: chmod go-w on it. {_WHOSE}"
        )
