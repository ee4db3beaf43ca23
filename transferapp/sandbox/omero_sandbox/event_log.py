"""EventLog: what each transaction made, changed and deleted, as OMERO keeps it."""

from __future__ import annotations

from typing import Any

from omero import rtypes

from transferapp.sandbox.omero_sandbox.java_names import java_name
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.sessions import Session
from transferapp.sandbox.omero_sandbox.store import Store

#: The log does not log itself.
_UNLOGGED = ("Event", "EventLog")


def log_changes(store: Store, session: Session | None) -> None:
    """Add a row for each record that was written since the last time, in that order."""
    written, gone = list(store.changed.values()), store.removed
    store.removed = []
    event: Record | None = None

    def now() -> Record:
        nonlocal event
        event = event or _event(store, session)
        return event

    for record in written:
        if record is None or record.cls in _UNLOGGED:
            continue
        if record.saved:
            # Its last change is this one now.
            store.set(record, "@updateEvent", now())
            _add(store, "UPDATE", record.key, now())
        else:
            _add(store, "INSERT", record.key, record.values.get("@creationEvent") or now())
    for key in gone:
        if key[0] not in _UNLOGGED:
            _add(store, "DELETE", key, now())


def _event(store: Store, session: Session | None) -> Record:
    made = store.new("Event", None, time=rtypes.rtime(store.clock.now_ms()))
    if session is not None:
        store.set(made, "session", store.find("Session", session.record.id))
        store.set(made, "experimenter", store.find("Experimenter", session.user))
    return made


def _add(store: Store, action: str, key: tuple[str, int], event: Any) -> None:
    row = store.new("EventLog", None, action=action, entityType=java_name(key[0]))
    store.set(row, "entityId", rtypes.rlong(key[1]))
    store.set(row, "event", event)
