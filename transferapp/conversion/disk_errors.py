"""Errors of the disk that prepared files are written to."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from transferapp import errors

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise StorageFull for a full disk, else Unavailable, in place of an OSError."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise errors.StorageFull(
                "The server's disk is full, so the image cannot be converted. Nothing is lost;"
                " it goes on when there is space."
            ) from error
        raise errors.Unavailable(
            f"The server's folder of prepared files does not work: {error.strerror or error}."
        ) from error
