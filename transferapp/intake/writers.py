"""Tell whether some program still has a file open for writing."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

if sys.platform == "linux":
    import fcntl

    def being_written(path: Path) -> bool:
        """Say whether any process holds the file open for writing or mapped (own files).

        A read lease is granted only when nobody does. It is given back at once.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            # A writer that comes in between would have SIGIO sent to us, which kills.
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return True
        except OSError:
            return False  # not our file, or a file system without leases
        finally:
            os.close(descriptor)
        return False

else:

    def being_written(path: Path) -> bool:  # noqa: ARG001 - the same face everywhere
        """Return False: this system cannot say; the time of the last change must do."""
        return False
