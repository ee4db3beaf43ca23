"""Watch one import request to its end; its handle is never closed before."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from transferapp.errors import RepositoryUnavailable, TransferAppError
from transferapp.host.backoff import Backoff
from transferapp.repositories.heartbeat import SILENT_AFTER, Beat
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.import_failures import import_failure
from transferapp.repositories.omero.imports.import_log import log_size
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import ProgressListener

#: What OMERO does in its steps. Newer servers have one more, before all others.
_STEPS = (
    "reading the metadata",
    "reading the pixels",
    "making thumbnails",
    "processing",
    "finishing",
)
_TEXTS = {len(_STEPS): _STEPS, len(_STEPS) + 1: ("protecting the files", *_STEPS)}
_POLLS = Backoff(0.05, 1.0, factor=1.5)
#: About ten seconds of them.
_STOP_POLLS = 15
#: What OMERO says of an import that it has given up, also when it never answers: cancelled in
#: its queue, or failed where it cannot say why.
_FAILED = frozenset({omero.cmd.State.CANCELLED, omero.cmd.State.FAILURE})
#: So long after that an answer may still come.
_LAST_WORD = timedelta(minutes=2)
#: While the step does not change, the log is looked at so often.
_SCAN_AT_LOG_EVERY = timedelta(seconds=30)
#: A log that is quiet for so long makes its import's answers worth telling.
_QUIET = SILENT_AFTER / 2


async def watch(
    omero_session: OmeroSessionContext, fileset_id: int, handle: Any, progress: ProgressListener
) -> TransferAppError | None:
    """Wait for the end; returns what the import failed with, its handle still open.

    ``progress`` hears only beats: a step begun, more in the import's log, or, where that is
    quiet for long, that OMERO says it is at work.
    When this is cancelled, the import goes on in OMERO and is adopted later.
    """
    polls, reported, watched = count(), None, _Watched(omero_session, fileset_id, handle)
    try:
        while (ended := await omero_session.run(watched.ended)) is None:
            beat = await omero_session.run(watched.check)
            if beat != reported:
                reported, steps = beat, watched.steps
                # Linking and annotating come after OMERO's own steps.
                text = step_text(beat.step, steps)
                if beat.heard > beat.since:
                    text += f", nothing new in OMERO's log since {beat.since:%H:%M} UTC"
                progress(max(0, beat.step - 1), steps + 1, text)
            await asyncio.sleep(_POLLS.pause_s(next(polls)))
    finally:
        omero_session.heartbeats.ended(fileset_id)
    if ended.failure is None:
        await omero_session.run(close, handle)
    return ended.failure


@dataclass(frozen=True, slots=True)
class _Ended:
    """How an import ended: what it failed with, if it did."""

    failure: TransferAppError | None


class _Watched:
    """One import, looked at again and again; blocking."""

    def __init__(
        self, omero_session: OmeroSessionContext, fileset_id: int, handle: Any
    ) -> None:
        self._omero_session, self._fileset_id, self._handle = omero_session, fileset_id, handle
        self._scanned_at = omero_session.clock.now()
        self._failed_at: datetime | None = None
        #: How many steps OMERO says there are; 0 until it has begun.
        self.steps = 0

    def ended(self) -> _Ended | None:
        """Return how it ended, by its answer, or by its status where none comes any more."""
        response = self._handle.getResponse()
        if isinstance(response, omero.cmd.ERR):
            return _Ended(import_failure(response.name, dict(response.parameters or {})))
        if response is not None:
            return _Ended(None)
        status, now = self._handle.getStatus(), self._omero_session.clock.now()
        if not _gave_up(status):
            return None
        # It says so before it answers: what it has open is closed in between.
        self._failed_at = self._failed_at or now
        if now - self._failed_at < _LAST_WORD:
            return None
        return _Ended(import_failure("cancel-called", {}) if not status.steps else _unsaid())

    def check(self) -> Beat:
        """Return the last beat: a step begun, more in the import's log, or an answer."""
        watch, now = self._omero_session.heartbeats, self._omero_session.clock.now()
        status = self._handle.getStatus()
        # Until a thread of OMERO's takes it up, it has no steps at all.
        self.steps = int(status.steps)
        step = int(status.currentStep) + 1 if self.steps else 0
        known = watch.last(self._fileset_id)
        if known is None or known.step != step:
            self._scanned_at = now
            return watch.saw(self._fileset_id, step)
        if not step or now - self._scanned_at < _SCAN_AT_LOG_EVERY:
            return known
        self._scanned_at = now
        log_bytes = log_size(self._omero_session, self._fileset_id)
        beat = watch.saw(self._fileset_id, step, log_bytes)
        # OMERO has just said that it is in this step. That it hangs there, nobody can tell from
        # one that reads a file of 50 GB, which it logs for debugging only: time has to.
        bound = timedelta(seconds=self._omero_session.import_sessions.settings.step_quiet_s)
        if _QUIET <= now - beat.since < bound:
            return watch.answers(self._fileset_id)
        return beat


def _gave_up(status: Any) -> bool:
    return bool(_FAILED & set(status.flags or ()))


def step_text(step: int, steps: int) -> str:
    """Say what OMERO does in a step, counted from 1; 0: it has not begun."""
    if not step:
        return "waiting in OMERO's own queue"
    texts = _TEXTS.get(steps, ())
    return texts[step - 1] if step <= len(texts) else f"step {step} of {steps} in OMERO"


def _unsaid() -> RepositoryUnavailable:
    return RepositoryUnavailable(
        "OMERO says that the import failed, but not why. Nothing is lost; it is tried again."
    )


def close(handle: Any) -> None:
    """Let go of an import that is over; never raises."""
    with suppress(TransferAppError), translated():
        handle.close()


def stop(handle: Any) -> Any | None:
    """Cancel an import that is not wanted any more; blocking.

    Returns what it ended with; None when it had not begun, so that there is nothing of it.
    Raises RepositoryUnavailable or Busy while OMERO cannot stop it.
    """
    response = handle.getResponse()
    if response is None:
        try:
            handle.cancel()
        except omero.LockTimeout as error:
            raise _importing_now() from error
        response = _ended(handle)
    return response


def _ended(handle: Any) -> Any | None:
    """Wait a little for the answer of an import that OMERO says is cancelled or finished."""
    for number in range(_STOP_POLLS):
        response = handle.getResponse()
        # One that was taken out of OMERO's own queue never answers.
        if response is not None or not handle.getStatus().steps:
            return response
        time.sleep(_POLLS.pause_s(number))
    if _gave_up(handle.getStatus()):
        # It cannot say why; what it may have made goes with it.
        return omero.cmd.ERR()
    raise _importing_now()


def _importing_now() -> RepositoryUnavailable:
    return RepositoryUnavailable(
        "OMERO is importing these files at this moment. What comes of it is looked at"
        " afterwards."
    )
