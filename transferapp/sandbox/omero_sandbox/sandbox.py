"""All that the services share: the database, files, sessions, settings and faults."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from transferapp.errors import Invalid
from transferapp.formats.omero_path_rules import USUAL_RULES, PathRules, rules_of
from transferapp.sandbox.omero_sandbox.binary_access import BinaryAccess
from transferapp.sandbox.omero_sandbox.clock import SandboxClock
from transferapp.sandbox.omero_sandbox.event_log import log_changes
from transferapp.sandbox.omero_sandbox.faults import Faults
from transferapp.sandbox.omero_sandbox.files import Files
from transferapp.sandbox.omero_sandbox.hashers import HASHERS
from transferapp.sandbox.omero_sandbox.journal import Journal
from transferapp.sandbox.omero_sandbox.people import People
from transferapp.sandbox.omero_sandbox.pixels import PixelSources, make_enumerations
from transferapp.sandbox.omero_sandbox.sessions import SandboxSessions, Session
from transferapp.sandbox.omero_sandbox.store import Store

_BACKGROUND_THREADS = 5
_SETTINGS = {
    "omero.version": "5.6.17",
    "omero.client.ui.menu.dropdown.colleagues.label": "Members",
    "omero.sessions.timeout": "600000",
    "omero.sessions.max_user_time_to_idle": "6000000",
    "omero.sessions.max_user_time_to_live": "0",
    "omero.sessions.maximum": "0",
    "omero.cluster.read_only.runtime.db": "false",
    "omero.cluster.read_only.runtime.repo": "false",
    "omero.checksum.supported": ",".join(HASHERS),
    "omero.fs.repo.path_rules": USUAL_RULES,
    "omero.pixeldata.max_plane_width": "3192",
    "omero.pixeldata.max_plane_height": "3192",
    "omero.policy.binary_access": "+read,+write,+image",
}


def checked_setting(key: str, value: str) -> str:
    """Return the value; raises Invalid for one that no server starts with."""
    if key == "omero.fs.repo.path_rules":
        try:
            rules_of(value)
        except ValueError as error:
            raise Invalid(
                f"{key}: {value!r} names no rules for paths; usual is {USUAL_RULES!r}."
            ) from error
    return value


class Sandbox:
    """One OMERO server, without its network."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        """Open what the folder holds, or make the first people and groups."""
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.clock, self.faults = SandboxClock(), Faults()
        self.store = Store(self.clock)
        known = folder / "database-uuid"
        if not known.exists():
            known.write_text(str(uuid.uuid4()), encoding="ascii")
        self.settings = {**_SETTINGS, "db.uuid": known.read_text(encoding="ascii"), **settings}
        #: Settings that OMERO shows nobody.
        self.hidden_settings: set[str] = set()
        self.journal = Journal(folder / "database.jsonl", self.store)
        self.files = Files(folder, self.store)
        self.people = People(self.store)
        self.people.make_first()
        self.files.make_repository()
        make_enumerations(self.store)
        self.pixels = PixelSources(folder, self.files)
        self.sessions = SandboxSessions(self.store)
        #: Import processes whose import is not over; also those that nobody ever submits.
        self.imports: list[Any] = []
        #: What was done that no server would mend: a fileset deleted while it is imported.
        self.offences: list[str] = []
        #: How often each operation was called: "RawPixelsStore.getTile" -> 12.
        self.calls: Counter[str] = Counter()
        #: As many imports at once as a server allows; more of them queue.
        self.background = ThreadPoolExecutor(_BACKGROUND_THREADS, "import")
        self.commands = ThreadPoolExecutor(2, "command")
        # What a server's own scripts make is in no log.
        self.journal.commit()

    def commit(self, session: Session | None = None) -> None:
        """Write what has changed to disk, with a line in OMERO's log of who did it."""
        with self.lock:
            log_changes(self.store, session)
            self.journal.commit()

    @property
    def binary_access(self) -> BinaryAccess:
        """Who is given the bytes of files, as the setting is now."""
        return BinaryAccess(self.store, self.settings["omero.policy.binary_access"])

    @property
    def path_rules(self) -> PathRules:
        """How names in the managed repository are made safe."""
        return rules_of(self.settings["omero.fs.repo.path_rules"])
