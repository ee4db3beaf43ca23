"""Events: what happened, in the order it happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """Names of events; each carries the ids that tell what to look at again."""

    TRANSFER_CHANGED = "transfer.changed"
    TRANSFER_ENDED = "transfer.ended"
    ITEM_CHANGED = "item.changed"
    ITEM_PROBLEM = "item.trouble"
    #: Something came into the person's inbox, or was read on some computer; no transfer's.
    INBOX_CHANGED = "inbox.changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the outbox; ``id`` grows without gaps that matter to a reader."""

    id: int
    kind: EventKind
    owner: str
    transfer_id: str
    item_id: str
    state: str
    title: str
    message: str
    created_at: datetime
