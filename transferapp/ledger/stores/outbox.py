"""The events of a change, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from transferapp.ledger.stores.rows import problem_of, tally_of
from transferapp.ledger.stores.schema import events
from transferapp.ledger.stores.tally import Tally
from transferapp.model.attachments import attached_text
from transferapp.model.drops import left_out_text
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState

_EVENT_LOCK = 0x7461_0001

Values = Mapping[str, Any]


def item_events(
    now: datetime, transfer: Values, before: Values, after: Values
) -> list[dict[str, Any]]:
    """Return the events of an item; none when only bytes have moved."""
    shown = ("state", "note", "trouble", "image_ids", "verified", "file_count")
    if all(before[name] == after[name] for name in shown):
        return []
    base = _base(now, transfer) | {"item_id": after["id"], "state": after["state"]}
    rows = [
        base
        | {
            "kind": str(EventKind.ITEM_CHANGED),
            "title": after["name"],
            "message": after["note"],
        }
    ]
    problem = problem_of(after["trouble"])
    if problem is not None and _is_news(before, after):
        rows.append(
            base
            | {
                "kind": str(EventKind.ITEM_PROBLEM),
                "title": problem.title,
                "message": f"{after['name']}: {problem.message}",
            }
        )
    return _for_both(transfer, rows)


def transfer_events(
    now: datetime, transfer: Values, *, was_ended: bool
) -> list[dict[str, Any]]:
    """Return the events of a transfer; its end is told when it comes, once."""
    changed = _base(now, transfer) | {
        "kind": str(EventKind.TRANSFER_CHANGED),
        "item_id": "",
        "state": transfer["state"],
        "title": transfer["name"],
        "message": "",
    }
    tally = tally_of(transfer)
    if was_ended or not tally.ended:
        return _for_both(transfer, [changed])
    sentence = _notable(tally, transfer)
    ended = {"kind": str(EventKind.TRANSFER_ENDED), "message": sentence}
    return _for_both(transfer, [changed, changed | ended])


def personal_event(now: datetime, owner: str, kind: EventKind) -> dict[str, Any]:
    """Return an event of a person that is no transfer's."""
    texts = dict.fromkeys(("transfer_id", "item_id", "state", "title", "message"), "")
    return {"owner": owner, "kind": str(kind), "created_at": now, **texts}


def write_events(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Append to the outbox; nothing may be locked after this in the transaction.

    On PostgreSQL ids are given before the commit: without the lock a reader could see 8,
    remember it, and never see the 7 that is committed a moment later.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_EVENT_LOCK)))
    connection.execute(events.insert(), rows)


def _for_both(transfer: Values, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the same events for who asked, where that is not the owner."""
    if not transfer["asked_by"]:
        return rows
    return [*rows, *(row | {"owner": transfer["asked_by"]} for row in rows)]


def _base(now: datetime, transfer: Values) -> dict[str, Any]:
    return {"owner": transfer["owner"], "transfer_id": transfer["id"], "created_at": now}


def _is_news(before: Values, after: Values) -> bool:
    """Whether a person was not told this problem yet (a later retry time is no news)."""
    old, new = problem_of(before["trouble"]), problem_of(after["trouble"])
    if old is None or new is None or before["state"] != after["state"]:
        return True
    return (old.code, old.message) != (new.code, new.message)


def _notable(tally: Tally, transfer: Values) -> str:
    """Say in words how a transfer ended: ``3 imported, 1 failed``, and what it lacks."""
    sentence = (
        (ItemState.IMPORTED, "imported"),
        (ItemState.DELIVERED, "delivered"),
        (ItemState.FAILED, "failed"),
        (ItemState.CANCELLED, "cancelled"),
    )
    states = dict(tally.states)
    attaching = ""
    if tally.to_attach:
        # All files to attach are one item, which is told of by its files.
        state = ItemState.IMPORTED if tally.attached else ItemState.CANCELLED
        states[state] = states.get(state, 1) - 1
        attaching = attached_text(tally.to_attach, tally.attached)
    counted = [(states.get(state, 0), term) for state, term in sentence]
    parts = [f"{count} {term}" for count, term in counted if count]
    ends = ", ".join([*parts, attaching] if attaching else parts)
    left_out = left_out_text(transfer["left_out_files"] or 0, transfer["left_out_names"] or ())
    return f"{ends}. {left_out}" if left_out else ends
