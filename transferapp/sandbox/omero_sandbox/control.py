"""What can be commanded while a sandbox runs: faults, time, people, settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from transferapp.errors import NameTaken, NotFound
from transferapp.sandbox.omero_sandbox.faults import Hold
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox, checked_setting

#: What the protocol checks before a command is done.
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Hours = Annotated[float, Field(ge=0, le=100_000)]
Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=1)]
Step = Annotated[int, Field(ge=0, le=6)]
Name = Annotated[str, Field(min_length=1)]
GroupPermissions = Annotated[str, Field(pattern=r"^r[-wa]([-r][-wa]){2}$")]


class Control:
    """What the commands do."""

    def __init__(self, sandbox: Sandbox, drop_connections: Callable[[], int]) -> None:
        """Command a sandbox."""
        self._sandbox, self._drop = sandbox, drop_connections

    def commit(self) -> None:
        """Write to disk what a command has changed."""
        self._sandbox.commit()

    # -- faults

    def do_freeze(self) -> None:
        """Open connections, but answer no call."""
        self._sandbox.faults.answering.clear()

    def do_thaw(self) -> None:
        """Answer again."""
        self._sandbox.faults.answering.set()

    def do_busy_queue(self, on: bool = True) -> None:
        """Let import requests wait in the queue."""
        importing = self._sandbox.faults.importing
        (importing.clear if on else importing.set)()

    def do_slow_step(self, seconds: Seconds, log_every: Seconds = 0.0) -> None:
        """Let each import step take so long, and write into its log so often (0: never)."""
        faults = self._sandbox.faults
        faults.slow_step, faults.log_every = seconds, log_every

    def do_cancel_timeout(self, seconds: Seconds) -> None:
        """Refuse to cancel an import whose step takes longer."""
        self._sandbox.faults.cancel_timeout = seconds

    def do_import_steps(self, count: Literal[5, 6] = 5) -> None:
        """Import as older servers do (5 steps) or as newer ones (6)."""
        self._sandbox.faults.import_steps = count

    def do_fail_step(self, step: Step) -> None:
        """Fail this step (from 1 on) of every import, until it is 0."""
        self._sandbox.faults.fail_step = step

    def do_fail_import(
        self, name: str = "", thrown: str = "", message: str = "", cause: str = ""
    ) -> None:
        """End every import with this ERR; no name: none any more."""
        self._sandbox.faults.fail_import(name, thrown, message, cause)

    def do_mute_failures(self, on: bool = True) -> None:
        """Let imports that fail never answer."""
        self._sandbox.faults.mute_failures = on

    def do_disk_full(self, on: bool = True) -> None:
        """Fail uploads and new filesets, as a full disk does."""
        self._sandbox.faults.disk_full = on

    def do_wrong_checksum(self, count: Count = 1) -> None:
        """Give so many uploads a wrong checksum."""
        self._sandbox.faults.wrong_checksums = count

    def do_missing_pyramid(self, seconds: Seconds) -> None:
        """Send who opens pixels away for so long; 0 ends it."""
        self._sandbox.faults.missing_pyramid = seconds

    def do_hold(self, place: Name, done: bool = False, number: Number = 1) -> None:
        """Stop the so-manieth call of this name from now on, before or after it is done.

        One that was held before goes on.
        """
        faults = self._sandbox.faults
        earlier, faults.hold = faults.hold, Hold(place, done, number)
        if earlier is not None:
            earlier.let_go.set()

    def do_held(self, seconds: Seconds) -> dict[str, Any]:
        """Wait until the call is there; tell whether it came."""
        hold = self._sandbox.faults.hold
        return {"held": hold is not None and hold.reached.wait(seconds)}

    def do_let_go(self, refused: bool = False) -> None:
        """Let the held call go on, or ('refused') end without having been done."""
        hold, self._sandbox.faults.hold = self._sandbox.faults.hold, None
        if hold is not None:
            hold.refused = refused
            hold.let_go.set()

    def do_drop_connections(self) -> dict[str, Any]:
        """Close all connections."""
        return {"dropped": self._drop()}

    # -- time and sessions

    def do_advance(self, hours: Hours) -> None:
        """Move the clock on; sessions expire by it."""
        with self._sandbox.lock:
            self._sandbox.clock.advance(hours)
            self._sandbox.sessions.expire()

    def do_sessions(self) -> dict[str, Any]:
        """Tell who is signed in; session UUIDs are logins and stay here."""
        with self._sandbox.lock:
            people = self._sandbox.store.tables["Experimenter"]
            names = [people[s.user].text("omeName") for s in self._sandbox.sessions]
        return {"users": names}

    def do_close_sessions(self, user: str) -> None:
        """End a person's sessions."""
        with self._sandbox.lock:
            person = self._person(user)
            for session in self._sandbox.sessions:
                if session.user == person.id:
                    self._sandbox.sessions.leave(session, force=True)

    def do_status(self) -> dict[str, Any]:
        """Tell how many imports run, and count objects."""
        with self._sandbox.lock:
            tables = self._sandbox.store.tables
            counted = ("Image", "Fileset", "OriginalFile", "Dataset", "Project", "Plate")
            counts = {name: len(tables[name]) for name in counted}
            running = sum(one.running for one in self._sandbox.imports)
            return {"imports": running, "counts": counts}

    def do_offences(self) -> dict[str, Any]:
        """Tell what no client may ever do, since this was asked last."""
        with self._sandbox.lock:
            offences, self._sandbox.offences = self._sandbox.offences, []
            return {"offences": offences}

    def do_calls(self) -> dict[str, Any]:
        """Tell how often each operation was called since the last time this was asked."""
        with self._sandbox.lock:
            calls = dict(self._sandbox.calls)
            self._sandbox.calls.clear()
        return {"calls": calls}

    # -- people and settings

    def do_add_group(
        self, name: Name, permissions: GroupPermissions = "rw----"
    ) -> dict[str, Any]:
        """Make a group."""
        with self._sandbox.lock:
            self._check_new("ExperimenterGroup", "name", name)
            return {"id": self._sandbox.people.add_group(name, permissions).id}

    def do_add_user(self, name: Name, password: Name, groups: list[str]) -> dict[str, Any]:
        """Make a person, in these groups."""
        with self._sandbox.lock:
            self._check_new("Experimenter", "omeName", name)
            for group in groups:
                self._group(group)
            return {"id": self._sandbox.people.add_person(name, password, groups).id}

    def do_leave_group(self, name: str, group: str) -> None:
        """Take a person out of a group; who is not in 'user' has expired."""
        with self._sandbox.lock:
            self._person(name), self._group(group)
            self._sandbox.people.leave(name, group)

    def do_join_group(self, name: str, group: str) -> None:
        """Put a person into a group."""
        with self._sandbox.lock:
            self._person(name), self._group(group)
            self._sandbox.people.join(name, group)

    def do_set(self, key: Name, value: str) -> None:
        """Set a server setting, as 'omero config set' does."""
        self._sandbox.settings[key] = checked_setting(key, value)

    def do_set_group(self, name: str, key: Name, value: str) -> None:
        """Set a setting of one group (its 'config'); empty: it has none."""
        with self._sandbox.lock:
            self._group(name)
            self._sandbox.people.configure(name, key, value)

    def do_hide(self, key: Name, on: bool = True) -> None:
        """Let nobody read a server setting, as OMERO does with some."""
        hidden = self._sandbox.hidden_settings
        (hidden.add if on else hidden.discard)(key)

    def _person(self, name: str) -> Record:
        found = self._sandbox.store.first("Experimenter", "omeName", name)
        if found is None:
            raise NotFound(f"There is no person {name!r}.")
        return found

    def _group(self, name: str) -> Record:
        found = self._sandbox.store.first("ExperimenterGroup", "name", name)
        if found is None:
            raise NotFound(f"There is no group {name!r}.")
        return found

    def _check_new(self, kind: str, field: str, name: str) -> None:
        if self._sandbox.store.first(kind, field, name) is not None:
            raise NameTaken(f"{name!r} is there already.")
