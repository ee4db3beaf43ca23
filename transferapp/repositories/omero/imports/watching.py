"""Watch one import request to its end; its handle is never closed before."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

from transferapp.errors import RepositoryUnavailable, TransferAppError
from transferapp.host.backoff import Backoff
from transferapp.repositories.heartbeat import Beat
from transferapp.repositories.omero.catalogue.filesets import log_bytes
from transferapp.repositories.omero.errors import import_failure, translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import ProgressListener

#: OMERO's five steps, and linking and annotating after them.
STEPS = 6
_TEXT = (
    "waiting in OMERO's own queue",
    "reading the metadata",
    "reading the pixels",
    "making thumbnails",
    "processing",
    "finishing",
)
_POLLS = Backoff(0.05, 1.0, factor=1.5)
#: While the step does not change, the log is looked at so often.
_SCAN_AT_LOG_EVERY = timedelta(seconds=30)


async def watch(
    omero_session: OmeroSessionContext, fileset_id: int, handle: Any, progress: ProgressListener
) -> TransferAppError | None:
    """Wait for the end; returns what the import failed with, its handle still open.

    ``progress`` hears only beats: a step begun, or more in the import's log.
    When this is cancelled, the import goes on in OMERO and is adopted later.
    """
    polls, reported, watched = count(), None, _Watched(omero_session, fileset_id, handle)
    try:
        while (response := await omero_session.run(handle.getResponse)) is None:
            beat = await omero_session.run(watched.check)
            if beat != reported:
                reported, step = beat, beat.step
                progress(min(step, STEPS - 1), STEPS, _TEXT[min(step, len(_TEXT) - 1)])
            await asyncio.sleep(_POLLS.pause_s(next(polls)))
    finally:
        omero_session.heartbeats.ended(fileset_id)
    if isinstance(response, omero.cmd.ERR):
        return import_failure(response.name, dict(response.parameters or {}))
    await omero_session.run(_close, handle)
    return None


class _Watched:
    """One import, looked at again and again; blocking."""

    def __init__(
        self, omero_session: OmeroSessionContext, fileset_id: int, handle: Any
    ) -> None:
        self._omero_session, self._fileset_id, self._handle = omero_session, fileset_id, handle
        self._scanned_at = omero_session.clock.now()

    def check(self) -> Beat:
        """Return the last beat: a step begun, or more in the import's log."""
        watch, now = self._omero_session.heartbeats, self._omero_session.clock.now()
        status = self._handle.getStatus()
        # Until a thread of OMERO's takes it up, it has no steps at all.
        step = int(status.currentStep) + 1 if status.steps else 0
        known = watch.last(self._fileset_id)
        if known is None or known.step != step:
            self._scanned_at = now
            return watch.saw(self._fileset_id, step)
        if not step or now - self._scanned_at < _SCAN_AT_LOG_EVERY:
            return known
        self._scanned_at = now
        return watch.saw(
            self._fileset_id, step, log_bytes(self._omero_session, self._fileset_id)
        )


def _close(handle: Any) -> None:
    with suppress(TransferAppError), translated():
        handle.close()


def stop(handle: Any) -> None:
    """Cancel an import that is not wanted any more; blocking.

    Raises RepositoryUnavailable while OMERO cannot stop it.
    """
    if handle.getResponse() is None and not _cancelled(handle):
        raise RepositoryUnavailable(
            "OMERO is importing these files at this moment. What comes of it is looked at"
            " afterwards."
        )
    _close(handle)


def _cancelled(handle: Any) -> bool:
    """Cancel; False while the import goes on, as a step that takes long does."""
    try:
        # Not cancelled because it is over: then its response is there.
        return handle.cancel() or handle.getResponse() is not None
    except omero.LockTimeout:
        return False
