"""One process at a time has a sandbox's folder: two would write one database over the other."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from transferapp.errors import Conflict, SettingsInvalid
from transferapp.host.private_file import private_file

_LOCK = "sandbox.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, made when it is missing, before anything in it is read or written.

    The lock ends with the process, whatever ends that; its file stays, and means nothing.
    Raises Conflict while another process has it, SettingsInvalid where nothing can be kept.
    """
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context(private_file(folder / _LOCK))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"--dir {folder}: another OMERO sandbox uses it. End that one first, or give"
                " this one a folder of its own."
            ) from None
        except OSError as error:
            raise SettingsInvalid(
                f"--dir {folder}: nothing can be kept there ({error.strerror}). Name a folder"
                " that your account may write, or one that does not exist yet."
            ) from error
        yield
