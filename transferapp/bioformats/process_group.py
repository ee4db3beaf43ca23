"""End a program with all that it started: a ``java`` on the PATH may be a shell script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started with ``start_new_session``, and its children.

    Nothing is done when none of them is left. Windows has no such groups: there it is killed
    alone.
    """
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
