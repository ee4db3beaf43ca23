"""Forget what is old, a page a transaction: on SQLite everybody else waits for it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from transferapp.ledger.stores.schema import (
    brought,
    events,
    files,
    items,
    left_out,
    restored,
    transfers,
)
from transferapp.model.moves import FINAL_STATES

_PAGE_OF_EVENTS = 2000
_PAGE_OF_TRANSFERS = 20
#: Nothing is left of these but their rows. A failed item may still be retried, and its
#: staged files wait for that.
_OVER = [str(state) for state in FINAL_STATES]


def first_event_id(connection: sa.Connection) -> int:
    """Return the oldest event's id, 0 when there is none."""
    return connection.scalar(sa.select(sa.func.min(events.c.id))) or 0


def forget_events(connection: sa.Connection, before: datetime, upto: int) -> int:
    """Delete a page of old events; returns how many.

    The newest stays: the ids go on from it, and readers ask how far they are.
    """
    # Both walk the ids from the oldest: nothing old means that one row is looked at.
    young = sa.select(events.c.id).where(events.c.created_at >= before)
    end = connection.scalar(young.order_by(events.c.id).limit(1))
    if end is None:
        end = connection.scalar(sa.select(sa.func.max(events.c.id))) or 0
    old = sa.select(events.c.id).where(events.c.id < end, events.c.id <= upto)
    page = old.order_by(events.c.id).limit(_PAGE_OF_EVENTS)
    return connection.execute(events.delete().where(events.c.id.in_(page))).rowcount


def forget_transfers(connection: sa.Connection, before: datetime) -> int:
    """Delete a page of transfers that are over for long; returns how many."""
    others = sa.select(items.c.id).where(
        items.c.transfer_id == transfers.c.id, items.c.state.not_in(_OVER)
    )
    # What lies at a place is known from here only.
    there = sa.select(brought.c.item_id).where(
        brought.c.transfer_id == transfers.c.id, brought.c.removed_at.is_(None)
    )
    ended = sa.select(transfers.c.id).where(
        transfers.c.updated_at < before, sa.not_(others.exists()), sa.not_(there.exists())
    )
    # Locked: a person may retry one at this moment.
    page = ended.order_by(transfers.c.seq).limit(_PAGE_OF_TRANSFERS).with_for_update()
    ids = list(connection.execute(page).scalars())
    for table in (brought, restored, files, items, left_out):
        connection.execute(table.delete().where(table.c.transfer_id.in_(ids)))
    connection.execute(transfers.delete().where(transfers.c.id.in_(ids)))
    return len(ids)
