"""The facility's programs that know its archive: paths on their input, lines as their answer.

``status`` writes a line for each path: its state, the path, and perhaps the seconds until it
can be read, with tabs between them. Their output is bounded, no shell is used, and they are
ended when they take too long.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Sequence
from contextlib import suppress

import structlog
from typing_extensions import override

from transferapp.tier_errors import ArchiveUnavailable, RecallFailed
from transferapp.tiers.port import FileTier, Tiers, TierState
from transferapp.tiers.settings import RecallSettings

_log = structlog.get_logger(__name__)

#: Paths of one run.
_BATCH = 2000
#: Bytes of an answer for each path: a path has 4,096 at most.
_MOST_BYTES = 4096 + 64
#: Exit code of a program that cannot do it now (sysexits.h).
_TRY_LATER = 75
#: Nothing of the worker's environment: it may hold secrets.
_PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


class ProgramTiers(Tiers):
    """Tiers by programs of the facility."""

    def __init__(self, settings: RecallSettings) -> None:
        """Run the programs of ``settings``."""
        self._settings = settings

    @override
    async def status(self, paths: Sequence[str]) -> list[FileTier]:
        """Run the program that says where files are; a path that it could not be asked for,
        because it has a line break or a tab, is online. Raises ArchiveUnavailable.
        """
        found: dict[str, FileTier] = {}
        for batch in _batches(paths):
            code, answer = await self._run(self._settings.status, batch)
            if code:
                raise _failed("says where files are", code)
            found |= self._read(answer, batch)
        return [found.get(path) or FileTier(path, TierState.ONLINE) for path in paths]

    @override
    async def recall(self, paths: Sequence[str]) -> None:
        """Run the program that asks for files; raises ArchiveUnavailable, RecallFailed."""
        for batch in _batches(paths):
            code, _ = await self._run(self._settings.recall, batch)
            if code == _TRY_LATER:
                raise _failed("recalls files", code)
            if code:
                raise RecallFailed(
                    f"The archive was asked for files and refused (exit code {code}). Tell the"
                    " administrator of the server, then press Retry. Nothing is lost."
                )
            _log.info("recall asked for", count=len(batch))

    def _read(self, answer: str, asked: Sequence[str]) -> dict[str, FileTier]:
        found = {}
        for line in filter(None, answer.split("\n")):
            state, _, rest = line.partition("\t")
            path, _, seconds = rest.partition("\t")
            try:
                found[path] = FileTier(path, TierState(state), self._eta_s(state, seconds))
            except ValueError:
                raise ArchiveUnavailable(
                    "The program that says where files are gave an answer that is not"
                    " understood (docs/cold-tiers.md). Tell the administrator of the server."
                ) from None
        if missing := len(set(asked) - found.keys()):
            raise ArchiveUnavailable(
                f"The program that says where files are left out {missing:,} of"
                f" {len(asked):,}. Tell the administrator of the server."
            )
        return found

    def _eta_s(self, state: str, seconds: str) -> float | None:
        if state == TierState.ONLINE:
            return None
        if not seconds:
            return self._settings.usual_s or None
        eta_s = float(seconds)
        if not 0 <= eta_s < float("inf"):
            raise ValueError(seconds)
        return eta_s

    async def _run(self, argv: Sequence[str], paths: Sequence[str]) -> tuple[int, str]:
        """Return how a program ended and what it wrote; raises ArchiveUnavailable."""
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=_PLAIN,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise ArchiveUnavailable(
                f"The archive's program '{argv[0]}' cannot be run ({error.strerror}). Tell the"
                " administrator of the server; it is tried again."
            ) from error
        given = "".join(f"{path}\n" for path in paths).encode("utf-8", "surrogateescape")
        most = _MOST_BYTES * len(paths)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                answer = await _talk(process, given, most)
        except TimeoutError:
            raise ArchiveUnavailable(
                f"The archive's program '{argv[0]}' took longer than"
                f" {self._settings.timeout_s:g} seconds. It is tried again."
            ) from None
        finally:
            await _end(process)
        return process.returncode or 0, answer.decode("utf-8", "surrogateescape")


async def _talk(process: Process, given: bytes, most: int) -> bytes:
    """Give a program its input while its answer is read; raises ArchiveUnavailable."""
    giving = asyncio.create_task(_give(process, given))
    try:
        answer = await _read_most(process, most)
        await process.wait()
    finally:
        giving.cancel()
        await asyncio.gather(giving, return_exceptions=True)
    return answer


async def _give(process: Process, given: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - for mypy: it is a pipe
    # One that does not want to read it all may still have answered.
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(given)
        await process.stdin.drain()
        process.stdin.close()


async def _read_most(process: Process, most: int) -> bytes:
    assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
    answer = bytearray()
    while piece := await process.stdout.read(1 << 16):
        answer += piece
        if len(answer) > most:
            raise ArchiveUnavailable(
                "The archive's program writes more than it was asked for (docs/cold-tiers.md)."
                " Tell the administrator of the server."
            )
    return bytes(answer)


async def _end(process: Process) -> None:
    """End a program with all that it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(process.wait())


def _batches(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    asked = [path for path in dict.fromkeys(paths) if not set(path) & {"\n", "\r", "\t"}]
    for at in range(0, len(asked), _BATCH):
        yield asked[at : at + _BATCH]


def _failed(what: str, code: int) -> ArchiveUnavailable:
    return ArchiveUnavailable(
        f"The program of the facility that {what} failed (exit code {code}). It is tried again;"
        " tell the administrator of the server if that goes on."
    )
