"""What can be commanded while a sandbox runs: faults, time, people, settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from transferapp.sandbox.omero_sandbox.faults import Hold
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox


class Control:
    """What the commands do."""

    def __init__(self, sandbox: Sandbox, drop_connections: Callable[[], int]) -> None:
        """Command a sandbox."""
        self._sandbox, self._drop = sandbox, drop_connections

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do one command; what goes wrong is told, never raised."""
        try:
            stated = json.loads(line)
            found = getattr(self, f"do_{stated.pop('command')}", None)
            if found is None:
                return {"ok": False, "error": "no such command"}
            return {"ok": True, **(found(**stated) or {})}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
        finally:
            self._sandbox.commit()

    # -- faults

    def do_freeze(self) -> None:
        self._sandbox.faults.answering.clear()

    def do_thaw(self) -> None:
        self._sandbox.faults.answering.set()

    def do_busy_queue(self, on: bool = True) -> None:
        importing = self._sandbox.faults.importing
        (importing.clear if on else importing.set)()

    def do_slow_step(self, seconds: float, log_every: float = 0.0) -> None:
        faults = self._sandbox.faults
        faults.slow_step, faults.log_every = seconds, log_every

    def do_cancel_timeout(self, seconds: float) -> None:
        self._sandbox.faults.cancel_timeout = seconds

    def do_import_steps(self, count: int = 5) -> None:
        """Import as older servers do (5 steps) or as newer ones (6)."""
        self._sandbox.faults.import_steps = count

    def do_fail_step(self, step: int) -> None:
        self._sandbox.faults.fail_step = step

    def do_fail_import(
        self, name: str = "", thrown: str = "", message: str = "", cause: str = ""
    ) -> None:
        """End every import with this ERR; no name: none any more."""
        self._sandbox.faults.fail_import(name, thrown, message, cause)

    def do_mute_failures(self, on: bool = True) -> None:
        self._sandbox.faults.mute_failures = on

    def do_disk_full(self, on: bool = True) -> None:
        self._sandbox.faults.disk_full = on

    def do_wrong_checksum(self, count: int = 1) -> None:
        self._sandbox.faults.wrong_checksums = count

    def do_missing_pyramid(self, seconds: float) -> None:
        self._sandbox.faults.missing_pyramid = seconds

    def do_hold(self, place: str, done: bool = False, number: int = 1) -> None:
        """Stop the so-manieth call of this name from now on, before or after it is done; an
        earlier one goes on.
        """
        faults = self._sandbox.faults
        earlier, faults.hold = faults.hold, Hold(place, done, number)
        if earlier is not None:
            earlier.let_go.set()

    def do_held(self, seconds: float) -> dict[str, Any]:
        """Wait until the call is there; tell whether it came."""
        hold = self._sandbox.faults.hold
        return {"held": hold is not None and hold.reached.wait(seconds)}

    def do_let_go(self, refused: bool = False) -> None:
        """Let the held call go on, or (``refused``) end without having been done."""
        hold, self._sandbox.faults.hold = self._sandbox.faults.hold, None
        if hold is not None:
            hold.refused = refused
            hold.let_go.set()

    def do_drop_connections(self) -> dict[str, Any]:
        return {"dropped": self._drop()}

    # -- time and sessions

    def do_advance(self, hours: float) -> None:
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
        with self._sandbox.lock:
            person = self._sandbox.store.first("Experimenter", "omeName", user)
            for session in self._sandbox.sessions:
                if person is not None and session.user == person.id:
                    self._sandbox.sessions.leave(session, force=True)

    def do_status(self) -> dict[str, Any]:
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

    def do_add_group(self, name: str, permissions: str = "rw----") -> dict[str, Any]:
        with self._sandbox.lock:
            return {"id": self._sandbox.people.add_group(name, permissions).id}

    def do_add_user(self, name: str, password: str, groups: list[str]) -> dict[str, Any]:
        with self._sandbox.lock:
            return {"id": self._sandbox.people.add_person(name, password, groups).id}

    def do_leave_group(self, name: str, group: str) -> None:
        with self._sandbox.lock:
            self._sandbox.people.leave(name, group)

    def do_join_group(self, name: str, group: str) -> None:
        with self._sandbox.lock:
            self._sandbox.people.join(name, group)

    def do_set(self, key: str, value: str) -> None:
        """Set a server setting, as ``omero config set`` does."""
        self._sandbox.settings[key] = value

    def do_set_group(self, name: str, key: str, value: str) -> None:
        """Set a setting of one group (its ``config``); empty: it has none."""
        with self._sandbox.lock:
            self._sandbox.people.configure(name, key, value)

    def do_hide(self, key: str, on: bool = True) -> None:
        """Let nobody read a server setting, as OMERO does with some."""
        hidden = self._sandbox.hidden_settings
        (hidden.add if on else hidden.discard)(key)
