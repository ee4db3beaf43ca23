"""The temporary folder of one run; what a killed process left is removed by the next one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = "transferapp-bioformats-"


@contextmanager
def own_folder() -> Iterator[Path]:
    """Give a folder that is removed at the end, also after ``kill -9`` (by the next start).

    Who uses it holds a lock on it, which ends with its process whatever ends that. A process
    number would not do: containers may share a folder and count their own.
    """
    _sweep(Path(tempfile.gettempdir()))
    # It gets the name that is swept once it is locked.
    made = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}"))
    lock = _lock(made)
    folder = made.rename(made.with_name(made.name.removeprefix("new-")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until the descriptor is closed; None where that cannot be done."""
    if sys.platform == "win32":
        return None
    descriptor = None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        return None
    return descriptor


def _sweep(temporary: Path) -> None:
    """Remove this account's folders that nobody holds; never raises."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        for folder in temporary.glob(f"{_PREFIX}*"):
            # Another account's are not looked into, nor what a link names.
            if folder.lstat().st_uid != os.geteuid():
                continue
            lock = _lock(folder)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)
