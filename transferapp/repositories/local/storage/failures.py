"""Translate what the disk and SQLite raise into errors of ours, at the adapter's edge."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from transferapp.errors import NameNotAllowed, RepositoryUnavailable, StorageFull, Unavailable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NAME = frozenset({errno.ENAMETOOLONG, errno.EILSEQ})


@contextmanager
def translated() -> Iterator[None]:
    """Let no OSError and no bare Unavailable out; causes are kept. Raises StorageFull,
    NameNotAllowed, else RepositoryUnavailable.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        if error.errno in _NAME:
            raise NameNotAllowed from error
        raise RepositoryUnavailable(
            f"The repository's disk reports: {error.strerror or error}. The import continues"
            " when this is solved."
        ) from error
    except Unavailable as error:
        if type(error) is not Unavailable:
            raise
        raise RepositoryUnavailable(error.message) from error
