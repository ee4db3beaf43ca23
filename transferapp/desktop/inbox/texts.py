"""Say what an entry of the inbox tells, so that the window and tests read the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from transferapp.desktop.transfers.texts import clock_text
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import InboxMessage


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One entry as the page shows it; ``tone`` is good, bad, warn or muted."""

    entry: InboxMessage
    is_unread: bool
    tone: str
    title: str
    text: str
    when: str

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        return f"{'New. ' if self.is_unread else ''}{self.title}. {self.text}. {self.when}"


def inbox_row(
    entry: InboxMessage, now: datetime, *, is_unread: bool, zone: tzinfo | None = None
) -> InboxRow:
    """Return how an entry is shown."""
    return InboxRow(
        entry=entry,
        is_unread=is_unread,
        tone=_tone(entry),
        title=entry.title,
        text=entry.text,
        when=clock_text(entry.at, now, zone),
    )


def _tone(entry: InboxMessage) -> str:
    if entry.kind == EventKind.ITEM_PROBLEM:
        return "warn"
    tones = {ItemState.FAILED: "bad", ItemState.CANCELLED: "muted"}
    return tones.get(ItemState(entry.state), "good")
