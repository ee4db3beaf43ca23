"""Translate what the disk and SQLite raise into errors of ours, at the adapter's edge."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        # The name alone: where the facility keeps it is not for everybody.
        name = Path(os.fsdecode(error.filename)).name if error.filename else ""
        of_file = f" of '{name}'" if name else ""
        raise RepositoryUnavailable(
            f"The repository's disk reports{of_file}: {error.strerror or error}. It goes on"
            " when this is solved."
        ) from error
    except Unavailable as error:
        if type(error) is not Unavailable:
            raise
        raise RepositoryUnavailable(error.message) from error
