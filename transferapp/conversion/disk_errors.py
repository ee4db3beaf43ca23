"""What goes wrong with the disk that files are made on, as errors of ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from transferapp.errors import StorageFull, Unavailable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def disk_errors(cannot: str = "the image cannot be converted") -> Iterator[None]:
    """Let no OSError out; raises StorageFull, which says what cannot be done, Unavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                f"The server's disk is full, so {cannot}. Nothing is lost; it goes on when"
                " there is space."
            ) from error
        raise Unavailable(
            f"The server's folder of prepared files does not work: {error.strerror}."
        ) from error
