"""The edge where the operating system's errors about staged files become ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from transferapp import errors

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raise StorageFull, NoSuchFile, Invalid (too large) or Unavailable for an OSError."""
    try:
        yield
    except FileNotFoundError as error:
        raise errors.NoSuchFile("This upload does not exist (any more).") from error
    except OSError as error:
        if error.errno in _FULL:
            raise errors.StorageFull(
                "The server's staging disk is full. Nothing is lost; the upload continues"
                " when there is space."
            ) from error
        if error.errno == errno.EFBIG:
            raise errors.Invalid("The server's disk cannot hold a file this large.") from error
        raise errors.Unavailable(
            f"The server's staging folder does not work: {error.strerror}. Nothing is lost."
        ) from error
