"""What a worker notes of each import for whoever follows it: the session and the process.

OMERO tells nobody else where an import lives. A session's UUID is as good as a password until
the session ends, so the notes are files that only this account reads, in the folder that the
workers share; an import that is over has none.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from transferapp.errors import SettingsInvalid
from transferapp.host.private_file import private_text, write_private_text

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

    def __init__(self, folder: Path | None) -> None:
        """Keep them in ``folder``, or none at all."""
        self._folder = folder

    def keep(self, fileset_id: int, note: ImportNote) -> None:
        """Write a note in one step."""
        if self._folder is not None:
            stated = {"session": note.session, "process": note.process}
            write_private_text(self._path(self._folder, fileset_id), json.dumps(stated))

    def read(self, fileset_id: int) -> ImportNote | None:
        """Return the note; one that cannot be read is none, so that an import waits."""
        if self._folder is None or not self._path(self._folder, fileset_id).exists():
            return None
        try:
            text = private_text(self._path(self._folder, fileset_id), "the note of an import")
            stated = json.loads(text)
            return ImportNote(str(stated["session"]), str(stated["process"]))
        except (SettingsInvalid, ValueError, KeyError, TypeError) as error:
            _log.warning(
                "the note of an import cannot be read",
                fileset=fileset_id,
                error=type(error).__name__,
            )
            return None

    def forget(self, fileset_id: int) -> None:
        """Remove the note; twice is fine."""
        if self._folder is not None:
            with suppress(FileNotFoundError):
                self._path(self._folder, fileset_id).unlink()

    @staticmethod
    def _path(folder: Path, fileset_id: int) -> Path:
        return folder / f"{fileset_id}.json"
