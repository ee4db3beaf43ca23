"""The sessions that imports live in, joined again after the worker that began them died.

A client sees only what lives in its own session, so an import is asked, and gone on with,
through the very session that it was begun in.
"""

from __future__ import annotations

import threading

from transferapp.errors import SessionLost
from transferapp.host.clock import Clock
from transferapp.repositories.heartbeat import HeartbeatWatch
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.sessions.import_notes import ImportNote, ImportNotes
from transferapp.repositories.omero.settings import OmeroSettings


class ImportSessions:
    """Sessions of imports by their UUID; thread-safe, blocking."""

    def __init__(self, settings: OmeroSettings, notes: ImportNotes, clock: Clock) -> None:
        """Join sessions of the server in ``settings``."""
        self.settings, self.notes = settings, notes
        #: Tells for how long nothing has moved in imports that nobody can ask.
        self.quiet = HeartbeatWatch(clock)
        self._lock = threading.Lock()
        self._joined: dict[str, Gateway] = {}

    def gateway_of(self, note: ImportNote, own: Gateway) -> Gateway:
        """Return the gateway of an import's session: the person's own, or one that joins it.

        Raises SessionLost when the session is over, RepositoryUnavailable.
        """
        if note.session == own.session_uuid and not own.lost:
            return own
        with self._lock:
            known = self._joined.get(note.session)
            if known is not None and not known.lost:
                return known
            joined = Gateway.join(self.settings, note.session)
            self._joined[note.session] = joined
            return joined

    def process_of(self, fileset_id: int) -> object | None:
        """Return what was found of an import in a session that was joined here."""
        note = self.notes.read(fileset_id)
        with self._lock:
            gateway = None if note is None else self._joined.get(note.session)
        return None if gateway is None else gateway.processes.get(fileset_id)

    def lose(self, gateway: Gateway) -> None:
        """Forget a gateway that does not answer any more; another one is joined."""
        with self._lock:
            if self._joined.get(gateway.session_uuid) is gateway:
                del self._joined[gateway.session_uuid]

    def forget(self, fileset_id: int) -> None:
        """An import is over: nobody needs its note, nor perhaps its session."""
        note = self.notes.read(fileset_id)
        self.notes.forget(fileset_id)
        self.quiet.ended(fileset_id)
        if note is None:
            return
        with self._lock:
            gateway = self._joined.get(note.session)
            if gateway is None or gateway.processes:
                return
            del self._joined[note.session]
        gateway.close()

    def is_over(self, note: ImportNote, own: Gateway) -> bool:
        """Say whether an import's session has ended; raises RepositoryUnavailable."""
        try:
            self.gateway_of(note, own).event_context()
        except SessionLost:
            return True
        return False

    def close(self) -> None:
        """Leave all sessions; those with an import under way go on."""
        with self._lock:
            joined, self._joined = self._joined, {}
        for gateway in joined.values():
            gateway.close()
