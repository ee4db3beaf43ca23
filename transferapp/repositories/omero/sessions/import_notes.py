"""What a worker notes of each import for whoever follows it: the session and the process.

OMERO tells nobody else where an import lives. A session's UUID is as good as a password until
the session ends, so the notes are files that only this account reads, in the folder that the
workers share, and sealed by what is kept elsewhere: the importer's password. An import that is
over has none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from pydantic import SecretStr

from transferapp.errors import SettingsInvalid
from transferapp.host.private_file import private_text, write_private_text
from transferapp.repositories.omero.sessions.sealing import Unsealable, seal, unseal

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ImportNote:
    """Where one import lives."""

    #: The UUID of the session; never shown.
    session: str = field(repr=False)
    #: The name of the import process in it.
    process: str


class ImportNotes:
    """The notes in one folder, by the ids of filesets. All methods block."""

    def __init__(self, folder: Path | None, secret: Callable[[], SecretStr]) -> None:
        """Keep them in ``folder``, or none at all. ``secret`` gives what the workers know and
        the folder does not, and may raise SettingsInvalid.
        """
        self._folder, self._secret = folder, secret
        #: What was opened once, by the sealed text: to open a seal is slow on purpose.
        self._opened: dict[int, tuple[str, ImportNote]] = {}

    def keep(self, fileset_id: int, note: ImportNote) -> None:
        """Write a note in one step. One that cannot be sealed is none."""
        if self._folder is None:
            return
        stated = json.dumps([note.session, note.process])
        try:
            text = seal(stated, self._secret(), str(fileset_id))
        except SettingsInvalid as error:
            _log.warning(
                "the note of an import cannot be kept",
                fileset=fileset_id,
                error=error.message,
            )
            return
        write_private_text(self._path(self._folder, fileset_id), text)
        self._opened[fileset_id] = text, note

    def read(self, fileset_id: int) -> ImportNote | None:
        """Return the note; one that cannot be read is none, so that an import waits."""
        if self._folder is None or not self._path(self._folder, fileset_id).exists():
            return None
        try:
            text = private_text(self._path(self._folder, fileset_id), "the note of an import")
            return self._unsealed(fileset_id, text)
        except (SettingsInvalid, Unsealable, ValueError, TypeError) as error:
            _log.warning(
                "the note of an import cannot be read",
                fileset=fileset_id,
                error=type(error).__name__,
            )
            return None

    def _unsealed(self, fileset_id: int, text: str) -> ImportNote:
        known = self._opened.get(fileset_id)
        if known is not None and known[0] == text:
            return known[1]
        session, process = json.loads(unseal(text, self._secret(), str(fileset_id)))
        note = ImportNote(str(session), str(process))
        self._opened[fileset_id] = text, note
        return note

    def forget(self, fileset_id: int) -> None:
        """Remove the note; twice is fine."""
        self._opened.pop(fileset_id, None)
        if self._folder is not None:
            with suppress(FileNotFoundError):
                self._path(self._folder, fileset_id).unlink()

    @staticmethod
    def _path(folder: Path, fileset_id: int) -> Path:
        return folder / f"{fileset_id}.json"
