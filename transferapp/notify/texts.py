"""What notifications say; the same words in inbox, mail and webhook."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.model.events import Event, EventKind
from transferapp.model.transfers import ItemState
from transferapp.notify.port import NotableEvent, Topic

#: What is worth telling a person who looks at nothing of ours.
REPORTED = (EventKind.TRANSFER_ENDED, EventKind.ITEM_PROBLEM)
_ENDED = {
    ItemState.IMPORTED: "Imported",
    ItemState.DELIVERED: "Exported",
    ItemState.FAILED: "Not complete",
    ItemState.CANCELLED: "Cancelled",
}


def notable_event_of(event: Event) -> NotableEvent | None:
    """Return what an event tells, None when nobody needs to be told."""
    if event.kind not in REPORTED:
        return None
    title = event.title
    if event.kind is EventKind.TRANSFER_ENDED:
        title = f"{_ENDED.get(ItemState(event.state), 'Ended')}: {event.title}"
    return NotableEvent(
        event_id=event.id,
        kind=str(event.kind),
        username=event.owner,
        transfer_id=event.transfer_id,
        state=event.state,
        title=_one_line(title),
        text=event.message,
        at=event.created_at,
        collapses=event.kind is EventKind.ITEM_PROBLEM,
    )


def topic_of(notable: NotableEvent) -> Topic:
    """Return what an outcome is about."""
    if notable.kind == EventKind.ITEM_PROBLEM:
        return Topic.ATTENTION
    ends = {ItemState.FAILED: Topic.FAILED, ItemState.CANCELLED: Topic.CANCELLED}
    return ends.get(ItemState(notable.state), Topic.DONE)


def sentence(notable: NotableEvent) -> str:
    """Return an outcome's text; many problems of one transfer are counted."""
    if notable.count == 1:
        return notable.text
    # One item may be told of again at each try: times are counted, not items.
    return f"{notable.count} times an item needed a look. The first: {notable.text}"


def headline(notables: Sequence[NotableEvent]) -> str:
    """Return the subject for one or many outcomes."""
    if len(notables) == 1:
        return notables[0].title
    ended = sum(not notable.collapses for notable in notables)
    parts = [f"{ended} transfers ended" if ended > 1 else "1 transfer ended"] if ended else []
    if ended < len(notables):
        parts.append(f"{len(notables) - ended} need a look")
    return ", ".join(parts)


def _one_line(text: str) -> str:
    """Names come from people; a line break in a heading would be a header of its own."""
    return " ".join(text.split())[:200]
