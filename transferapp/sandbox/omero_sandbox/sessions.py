"""Sessions: who is signed in, acting for whom, until when."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import Glacier2
import omero
from omero.rtypes import rtime

from transferapp.sandbox.omero_sandbox.permissions import PRIVILEGES, SYSTEM_GROUP, USER_GROUP
from transferapp.sandbox.omero_sandbox.records import PASSWORD, Record, SandboxCaller, plain
from transferapp.sandbox.omero_sandbox.store import Store

DEFAULT_IDLE_MS = 600_000
MOST_IDLE_MS = 6_000_000
_PRIVILEGE_KEY = "AdminPrivilege:"
#: OMERO.web asks as guest for the version; any password is right.
GUEST = "guest"


def hashed(password: str, salt: str | None = None) -> str:
    """Return what is kept of a password."""
    salt = salt or secrets.token_hex(8)
    key = hashlib.scrypt(password.encode(), salt=salt.encode(), n=1024, r=8, p=1)
    return f"{salt}${key.hex()}"


def _stated_group(context: dict[str, str]) -> int | None:
    """Return the group that a call names; what is no number names none, as OMERO takes it."""
    try:
        return int(context["omero.group"])
    except (KeyError, ValueError):
        return None


def privileges_of(store: Store, user: Record) -> frozenset[str]:
    """Return an administrator's privileges; full ones hold all of them."""
    groups = {m.values["parent"].id for m in store.related(user, "groupExperimenterMap")}
    if SYSTEM_GROUP not in groups:
        return frozenset()
    denied = {
        entry.name.removeprefix(_PRIVILEGE_KEY)
        for entry in user.values.get("config") or []
        if entry.name.startswith(_PRIVILEGE_KEY) and entry.value.lower() == "false"
    }
    return frozenset(PRIVILEGES) - denied


def set_privileges(store: Store, user: Record, held: frozenset[str]) -> None:
    """Let an administrator hold just these."""
    entries = [
        omero.model.NamedValue(_PRIVILEGE_KEY + name, "false")
        for name in PRIVILEGES
        if name not in held
    ]
    store.set(user, "config", entries)


@dataclass(eq=False)
class Session:
    """One session; several clients may have joined it."""

    uuid: str
    user: int
    group: int
    record: Record
    idle_ms: int
    live_ms: int
    started_ms: int
    last_ms: int
    sudoer: int | None = None
    #: The groups that it may act in, when a leader made it for a member; None: any.
    groups_led: frozenset[int] | None = None
    #: Clients that have joined, and imports that run: each holds it open.
    clients: int = 0
    importing: int = 0
    #: Servants by the name of their identity -> what they are.
    servants: dict[str, Any] = field(default_factory=dict)
    closing: list[Callable[[], None]] = field(default_factory=list)

    def expiry(self, now_ms: int) -> str:
        """Return why the session is over, or nothing."""
        idle, lived = now_ms - self.last_ms, now_ms - self.started_ms
        # A running import calls its session again and again.
        if 0 < self.idle_ms < idle and not self.importing:
            return f"exceeded timeToIdle ({self.idle_ms}) by {idle - self.idle_ms} ms"
        if 0 < self.live_ms < lived:
            return f"exceeded timeToLive ({self.live_ms}) by {lived - self.live_ms} ms"
        return ""


@dataclass(frozen=True, slots=True)
class SessionWanted:
    """What a new session is to be like; 0 ms means the server's default or no limit."""

    group: str = ""
    live_ms: int = 0
    idle_ms: int = 0
    agent: str = ""
    sudoer: int | None = None
    groups_led: frozenset[int] | None = None


class SandboxSessions:
    """All sessions of the server."""

    def __init__(self, store: Store) -> None:
        """Start without any, as a node of its own: what earlier ones held open is over."""
        self._store = store
        self._open: dict[str, Session] = {}
        now = rtime(store.clock.now_ms())
        for cls, ended in (("Node", "down"), ("Session", "closed")):
            for record in store.all(cls):
                if record.values.get(ended) is None:
                    store.set(record, ended, now)
        self._node = store.new("Node", None, uuid=str(uuid.uuid4()), conn="sandbox", up=now)

    def __iter__(self) -> Any:
        """Iterate over a copy."""
        return iter(list(self._open.values()))

    def find(self, session_uuid: str) -> Session | None:
        """Return an open session."""
        return self._open.get(session_uuid)

    def create(self, user: Record, wanted: SessionWanted) -> Session:
        """Open a session; raises SecurityViolation for a foreign group."""
        store, group = self._store, self._group(user, wanted.group)
        _require_led(wanted.groups_led, group)
        session_uuid, now = str(uuid.uuid4()), store.clock.now_ms()
        idle = wanted.idle_ms or DEFAULT_IDLE_MS
        record = store.new(
            "Session", None, uuid=session_uuid, timeToIdle=idle, timeToLive=wanted.live_ms,
            userAgent=wanted.agent, started=rtime(now), owner=user, node=self._node,
        )  # fmt: skip
        if wanted.sudoer is not None:
            store.set(record, "sudoer", store.find("Experimenter", wanted.sudoer))
        made = Session(
            session_uuid, user.id, group, record, idle, wanted.live_ms, now, now,
            wanted.sudoer, wanted.groups_led,
        )  # fmt: skip
        self._open[session_uuid] = made
        return made

    def _group(self, user: Record, name: str) -> int:
        maps = self._store.related(user, "groupExperimenterMap")
        groups: list[Record] = [m.values["parent"] for m in maps]
        if name:
            asked = self._store.first("ExperimenterGroup", "name", name)
            admin = any(g.id == SYSTEM_GROUP for g in groups)
            if asked is None or (asked not in groups and not admin):
                text = f"User {user.text('omeName')} is not a member of group {name}"
                raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
            return asked.id
        return next((g.id for g in groups if g.id != USER_GROUP), groups[0].id)

    def login(self, name: str, password: str, wanted: SessionWanted) -> Session:
        """Open a session by password, or join one whose UUID was given as the name."""
        session = self._open.get(name)
        if session is None:
            session = self.create(self.check_password(name, password), wanted)
        session.clients += 1
        return session

    def check_password(self, name: str, password: str) -> Record:
        """Return the person; raises PermissionDeniedException."""
        user = self._store.first("Experimenter", "omeName", name)
        kept = (user.values.get(PASSWORD) if user else None) or "$"
        right = hmac.compare_digest(hashed(password, kept.split("$")[0] or "none"), kept)
        guest = name == GUEST
        if user is None or not (guest or (right and self._active(user))):
            text = f"Password check failed for '{name}': [id={user.id if user else None}]"
            raise Glacier2.PermissionDeniedException(text)
        return user

    def _active(self, user: Record) -> bool:
        """An expired person is one who is no longer in the group ``user``."""
        maps = self._store.related(user, "groupExperimenterMap")
        return any(m.values["parent"].id == USER_GROUP for m in maps)

    def begin_import(self, session: Session) -> bool:
        """Let an import join its session; False when that is over."""
        if session.uuid not in self._open:
            return False
        session.clients += 1
        session.importing += 1
        return True

    def end_import(self, session: Session) -> None:
        """An import leaves as any client: alone in a session, it ends that."""
        session.importing -= 1
        self.leave(session)

    def leave(self, session: Session, *, detached: bool = False, force: bool = False) -> bool:
        """Note that a client is gone; say whether that ended the session. It is the last one
        that leaves who says whether the session goes on (``detached``).
        """
        session.clients = max(0, session.clients - 1)
        ended = force or (session.clients == 0 and not detached)
        if not ended or self._open.pop(session.uuid, None) is None:
            return False
        for closing in session.closing:
            closing()
        session.closing.clear()
        self._store.set(session.record, "closed", rtime(self._store.clock.now_ms()))
        return True

    def expire(self) -> None:
        """End the sessions that are over."""
        now = self._store.clock.now_ms()
        for session in self:
            if session.expiry(now):
                self.leave(session, force=True)

    def touch(self, session: Session) -> None:
        """Refresh the idle clock; raises SessionTimeoutException, RemovedSessionException."""
        if session.uuid not in self._open:
            text = f"No context for {session.uuid}"
            raise omero.RemovedSessionException(None, "omero.RemovedSessionException", text)
        now = self._store.clock.now_ms()
        why = session.expiry(now)
        if why:
            self.leave(session, force=True)
            text = (
                f"Session (started={session.started_ms}, last access={session.last_ms}) {why}"
            )
            raise omero.SessionTimeoutException(None, "omero.SessionTimeoutException", text)
        session.last_ms = now

    def caller(self, session: Session, context: dict[str, str]) -> SandboxCaller:
        """Return who is asking in which group; raises SecurityViolation."""
        store, user = self._store, self._store.load("Experimenter", session.user)
        maps = store.related(user, "groupExperimenterMap")
        member = frozenset(m.values["parent"].id for m in maps)
        leader = frozenset(m.values["parent"].id for m in maps if plain(m.values.get("owner")))
        group = _stated_group(context)
        group = session.group if group is None else group
        admin = SYSTEM_GROUP in member
        if group >= 0 and group not in member and not admin:
            text = f"User {session.user} is not a member of group {group}"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
        # All groups at once (-1) are not refused: what the server does was not to be had.
        if group >= 0:
            _require_led(session.groups_led, group)
        privileges = privileges_of(store, user)
        if session.sudoer is not None:
            privileges &= privileges_of(store, store.load("Experimenter", session.sudoer))
        return SandboxCaller(
            session.user, group, member, leader, admin, privileges, session.record.id
        )


def _require_led(groups_led: frozenset[int] | None, group: int) -> None:
    """Raise SecurityViolation where only a leader's groups are open, and this is none."""
    if groups_led is not None and group not in groups_led:
        text = f"Group sudo is not permitted for group {group}"
        raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
