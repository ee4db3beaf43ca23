"""Run one program and end it, with all that it started, when the worker goes away.

A process of its own beside the worker, started from this file and therefore without the
rest of the house. Its standard input is the lifeline: one line of JSON says what to run;
when the input ends, because the worker closed it or was killed, the program is ended, first
with SIGTERM, after a grace with SIGKILL. Standard output is the program's; standard error
gets one line of JSON at the end. POSIX only; on Linux also processes that left the
program's session are ended (the guard is their subreaper), and the program dies with the
guard.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
#: Seconds between two looks at processes that are being ended.
_POLL_S = 0.02
_LIFELINE = 0


def main() -> None:
    """Run what the lifeline says and tell how it ended."""
    order = _read_order()
    if order is None:
        return
    reported: dict[str, Any]
    try:
        reported = _run(order)
    except Exception as error:  # noqa: BLE001 - it may hold what is in the order
        reported = {"error": f"It could not be watched over ({type(error).__name__})."}
    finally:
        if order["scratch"]:
            shutil.rmtree(order["folder"], ignore_errors=True)
    sys.stderr.write(json.dumps(reported) + "\n")


def _read_order() -> dict[str, Any] | None:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(_LIFELINE, 1)
        if not piece:
            return None  # the worker died before it said what to run
        line += piece
    order: dict[str, Any] = json.loads(line)
    return order


def _run(order: dict[str, Any]) -> dict[str, Any]:
    wake = _wake_on_signals()
    _adopt_orphans()
    os.nice(order["nice"])
    try:
        program = subprocess.Popen(  # noqa: S603 - the administrator's command, no shell
            order["argv"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env=order["environment"],
            cwd=order["folder"],
            start_new_session=True,
            # Safe here: this process has one thread.
            preexec_fn=_die_with_guard,  # noqa: PLW1509
        )
    except OSError as error:
        return {"error": f"{error.strerror}: {error.filename}"}
    tree = _Tree(program.pid)
    while tree.status is None and not _ordered_to_stop(wake):
        tree.reap()
    tree.end(order["grace_s"])
    assert tree.status is not None  # noqa: S101 - for mypy: the whole tree was reaped
    program.returncode = os.waitstatus_to_exitcode(tree.status)
    return {"exit_code": program.returncode}


class _Tree:
    """The program and everything that it started."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        #: How the program itself ended, as ``wait`` tells it.
        self.status: int | None = None

    def reap(self) -> bool:
        """Collect who has ended; False when nobody is left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._leader:
                    self.status = status
        except ChildProcessError:
            return False

    def end(self, grace_s: float) -> None:
        """Ask all to end, then end them; returns when nobody is left."""
        deadline = time.monotonic() + grace_s
        self._signal(signal.SIGTERM)
        while self.reap():
            if time.monotonic() > deadline:
                # Again and again: they may still start others.
                self._signal(signal.SIGKILL)
            time.sleep(_POLL_S)

    def _signal(self, number: signal.Signals) -> None:
        if self.status is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._leader, number)
        for one in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                one.send_signal(number)


def _ordered_to_stop(wake: int) -> bool:
    """Wait for a signal or the end of the lifeline; True when it is over."""
    ready, _, _ = select.select([_LIFELINE, wake], [], [])
    if wake in ready and signal.SIGTERM in os.read(wake, 512):
        return True
    return _LIFELINE in ready and not os.read(_LIFELINE, 512)


def _wake_on_signals() -> int:
    """Return a file that becomes readable with the numbers of signals that came."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return reading


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_guard() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


if __name__ == "__main__":
    main()
