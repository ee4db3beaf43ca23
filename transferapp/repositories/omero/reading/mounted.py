"""Read original files from OMERO's managed repository on a disk that this process sees.

OMERO is asked first, as the person, for the file's ends: it alone knows what they may read.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from transferapp.errors import RepositoryUnavailable, TransferAppError
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.managed_folder import location_in
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

#: Bytes at each end of a file that must be the same in OMERO and on the disk.
_END = 4096

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MountedFile:
    """An open original file, and its size in bytes; its methods block."""

    descriptor: int
    size: int

    def read(self, start: int, count: int) -> bytes:
        """Return bytes that lie in the file, at least one; raises RepositoryUnavailable."""
        try:
            found = os.pread(self.descriptor, count, start)
        except OSError as error:
            raise _unreadable(error.strerror or "an error") from error
        if not found:
            raise _unreadable("the file became shorter")
        return found

    def close(self) -> None:
        """Close it."""
        os.close(self.descriptor)


def _unreadable(reason: str) -> RepositoryUnavailable:
    return RepositoryUnavailable(
        f"OMERO's managed repository, which is mounted here, cannot be read ({reason}). It is"
        " tried again; tell your OMERO administrator if that goes on."
    )


def open_mounted(
    omero_session: OmeroSessionContext, file_id: int, group_id: int, inside: str
) -> MountedFile | None:
    """Open the file at a path of the managed repository, if the person may read it; blocking.

    None where OMERO has to be read from: the disk is not seen, the file is not in the managed
    repository (its path alone proves nothing, whoever makes an OriginalFile chooses one), the
    disk holds another file there, or OMERO refuses, which it then does again with its reasons.
    """
    if omero_session.managed_folder is None:
        return None
    try:
        location = location_in(omero_session.managed_folder, inside)
        descriptor = os.open(location, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, TransferAppError) as error:
        _log.info(
            "not on the mounted repository", original_file=file_id, error=type(error).__name__
        )
        return None
    found = os.fstat(descriptor)
    mounted = MountedFile(descriptor, found.st_size)
    kept = False
    try:
        kept = stat.S_ISREG(found.st_mode) and _is_it(omero_session, file_id, group_id, mounted)
    finally:
        if not kept:
            mounted.close()
    return mounted if kept else None


def _is_it(
    omero_session: OmeroSessionContext, file_id: int, group_id: int, mounted: MountedFile
) -> bool:
    """Whether OMERO lets the person read a file of its managed repository with these ends."""
    count = min(_END, mounted.size)
    if not count:
        return False
    try:
        with translated():
            gateway = omero_session.gateway
            store = gateway.bound(gateway.repository(group_id).fileById(file_id), group_id)
            try:
                same = int(store.size()) == mounted.size and all(
                    bytes(store.read(start, count)) == mounted.read(start, count)
                    for start in (0, mounted.size - count)
                )
            finally:
                _close(store)
    except TransferAppError:
        return False
    if not same:
        _log.warning("the mounted repository holds another file", original_file=file_id)
    return same


def _close(store: Any) -> None:
    # A store that cannot be closed ends with its session.
    with suppress(TransferAppError), translated():
        store.close()
