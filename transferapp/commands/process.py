"""Run a program under its guard: take what it prints, and leave nothing of it behind."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from transferapp.commands import guard
from transferapp.errors import CommandFailed

_log = structlog.get_logger(__name__)

#: What a killed tree may take to vanish (seconds).
_VANISH_S = 3.0
_READ_SIZE = 64 << 10
#: What the guard and every program begin with: nothing of the worker's.
_PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}

Taker = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run, and how; times in seconds."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    #: None: an empty folder that is removed afterwards.
    folder: Path | None
    timeout_s: float
    grace_s: float
    nice: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; a negative exit code is the number of a signal."""

    exit_code: int | None
    timed_out: bool = False
    #: Why it could not be run at all.
    error: str = ""


async def run_guarded(launch: Launch, take: Taker) -> Ended:
    """Run a program to its end, its time-out, or until this is cancelled.

    ``take`` gets what it prints, in order; while it waits, the program's pipe fills and the
    program waits too. In whatever way this ends, the program and all that it started are gone
    by then, or ``grace_s`` seconds later when even this process is killed. Raises CommandFailed
    on Windows.
    """
    if sys.platform == "win32":
        raise CommandFailed("Commands run on workers with Linux or macOS only.")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # Isolated: neither the environment nor the folder adds modules.
        "-I",
        str(Path(guard.__file__)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=_PLAIN,
        cwd="/",
        start_new_session=True,
    )
    reading = asyncio.create_task(_read(process, take))
    try:
        await _send(process, await asyncio.to_thread(_order, launch))
        done, _ = await asyncio.wait({reading}, timeout=launch.timeout_s)
    finally:
        # Cancelled or not: the end of its input makes the guard end everything.
        ending = asyncio.create_task(_end(process, reading, launch.grace_s))
        reported = await asyncio.shield(ending)
    await reading
    return _ended(reported, timed_out=not done)


def _order(launch: Launch) -> bytes:
    scratch = launch.folder is None
    folder = launch.folder or tempfile.mkdtemp(prefix="transferapp-command-")
    environment = {**_PLAIN, "HOME": str(folder), "TMPDIR": str(folder)}
    order = {
        "argv": launch.argv,
        "environment": {**environment, **launch.environment},
        "folder": str(folder),
        "scratch": scratch,
        "grace_s": launch.grace_s,
        "nice": launch.nice,
    }
    return json.dumps(order).encode() + b"\n"


async def _send(process: Process, order: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - for mypy: it is a pipe
    process.stdin.write(order)
    try:
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # the guard is gone; its end tells


async def _read(process: Process, take: Taker) -> None:
    assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
    while piece := await process.stdout.read(_READ_SIZE):
        await take(piece)


async def _end(process: Process, reading: asyncio.Task[None], grace_s: float) -> bytes:
    """Let the guard end everything; returns what it told."""
    assert process.stdin is not None  # noqa: S101 - for mypy: it is a pipe
    assert process.stderr is not None  # noqa: S101 - for mypy: it is a pipe
    process.stdin.close()
    reporting = asyncio.create_task(process.stderr.read())
    done, _ = await asyncio.wait({reporting}, timeout=grace_s + _VANISH_S)
    if not done:
        _log.error("a command could not be ended", pid=process.pid)
        process.kill()
    reported = await reporting
    await process.wait()
    # Its last words; a taker that failed has ended the reading before.
    await asyncio.wait({reading})
    return reported


def _ended(reported: bytes, *, timed_out: bool) -> Ended:
    try:
        answer = json.loads(reported.splitlines()[-1])
    except (IndexError, ValueError):
        _log.error("the guard of a command died", last_output=reported[-2000:])
        return Ended(None, timed_out, "The process that watched over it was killed.")
    return Ended(answer.get("exit_code"), timed_out, answer.get("error", ""))
