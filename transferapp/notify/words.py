"""What notifications say; the same words in inbox, mail and webhook."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.model.events import Event, EventKind
from transferapp.model.transfers import ItemState
from transferapp.notify.port import Outcome, Topic

#: What is worth telling a person who looks at nothing of ours.
TOLD = (EventKind.TRANSFER_ENDED, EventKind.ITEM_PROBLEM)
_ENDED = {
    ItemState.IMPORTED: "Imported",
    ItemState.DELIVERED: "Exported",
    ItemState.FAILED: "Not complete",
    ItemState.CANCELLED: "Cancelled",
}


def outcome_of(event: Event) -> Outcome | None:
    """Return what an event tells, None when nobody needs to be told."""
    if event.kind not in TOLD:
        return None
    title = event.title
    if event.kind is EventKind.TRANSFER_ENDED:
        title = f"{_ENDED.get(ItemState(event.state), 'Ended')}: {event.title}"
    return Outcome(
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


def topic_of(outcome: Outcome) -> Topic:
    """Return what an outcome is about."""
    if outcome.kind == EventKind.ITEM_PROBLEM:
        return Topic.ATTENTION
    ends = {ItemState.FAILED: Topic.FAILED, ItemState.CANCELLED: Topic.CANCELLED}
    return ends.get(ItemState(outcome.state), Topic.DONE)


def sentence(outcome: Outcome) -> str:
    """Return an outcome's text; many problems of one transfer are counted."""
    if outcome.count == 1:
        return outcome.text
    # One item may be told of again at each try: times are counted, not items.
    return f"{outcome.count} times an item needed a look. The first: {outcome.text}"


def headline(outcomes: Sequence[Outcome]) -> str:
    """Return the subject for one or many outcomes."""
    if len(outcomes) == 1:
        return outcomes[0].title
    ended = sum(not outcome.collapses for outcome in outcomes)
    parts = [f"{ended} transfers ended" if ended > 1 else "1 transfer ended"] if ended else []
    if ended < len(outcomes):
        parts.append(f"{len(outcomes) - ended} need a look")
    return ", ".join(parts)


def _one_line(text: str) -> str:
    """Names come from people; a line break in a heading would be a header of its own."""
    return " ".join(text.split())[:200]
