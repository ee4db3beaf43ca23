"""Rename without replacing, in one step: a call that Python does not offer.

renameat2(2) with RENAME_NOREPLACE on Linux, renameatx_np(2) with RENAME_EXCL on macOS. Not
every file system can do it (NFS cannot), nor every C library.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

_NO_REPLACE = 4 if sys.platform == "darwin" else 1
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


def rename_new(name: str, inside: int | None, new_name: str, into: int | None) -> bool:
    """Rename from one open folder into another; False where that cannot be done here.

    Raises FileExistsError when the new name is taken, and other OSErrors.
    """
    if sys.platform == "win32" or inside is None or into is None:
        return False
    call = "renameatx_np" if sys.platform == "darwin" else "renameat2"
    rename = getattr(ctypes.CDLL(None, use_errno=True), call, None)
    if rename is None:
        return False
    if rename(inside, os.fsencode(name), into, os.fsencode(new_name), _NO_REPLACE):
        number = ctypes.get_errno()
        if number in _CANNOT:
            return False
        raise OSError(number, os.strerror(number), new_name)
    return True
