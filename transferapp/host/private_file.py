"""Files that nobody else may read: secrets, sessions, the outbox, logs."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from transferapp.errors import SettingsInvalid
from transferapp.host.paths import private_folder

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_text(path: Path, setting: str) -> str:
    """Return the stripped text; raises SettingsInvalid, naming ``setting``, when others
    may read the file or it is empty or missing.

    Links are followed: whoever runs a service mounts its secrets by them.
    """
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise SettingsInvalid(
                    f"{setting}: others may read the file. Run: chmod 600 on it."
                )
            text = file.read().strip()
    except OSError as error:
        raise SettingsInvalid(f"{setting}: it cannot be read ({error.strerror}).") from error
    if not text:
        raise SettingsInvalid(f"{setting}: the file is empty.")
    return text


def write_private_text(path: Path, text: str) -> None:
    """Write a file in one step: a power cut leaves the old or the new one.

    What has the name is replaced, never written through, a link for instance.
    """
    handle, name = tempfile.mkstemp(dir=private_folder(path.parent), prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise


@contextmanager
def private_file(path: Path) -> Iterator[int]:
    """Open a file of mode 600 to read and write, made when it is missing; yields its handle.

    Raises SettingsInvalid for a link: whatever it leads to is not ours to write.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise SettingsInvalid(f"{path} is a link, so it is not used. Remove it.") from error
    try:
        if sys.platform != "win32":
            os.fchmod(handle, 0o600)
        yield handle
    finally:
        os.close(handle)


def append_private(path: Path) -> BinaryIO:
    """Open a log to write at its end, for this account only; an older one is narrowed."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, 0o600)
    return os.fdopen(handle, "ab")
