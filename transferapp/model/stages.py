"""How far the workstation is with an item, derived from what the server says of it."""

from __future__ import annotations

from enum import StrEnum

from transferapp.model.transfers import DONE_STATES, ENDED_STATES, ItemState


class ItemStage(StrEnum):
    """How far the workstation is with one item."""

    #: Its files are to be moved, or the server is at work on it.
    OPEN = "open"
    #: A person must act on this workstation; ``trouble`` says what.
    PROBLEM = "trouble"
    #: Imported and verified, or delivered.
    DONE = "done"
    #: Imported, but its checksums were skipped: nobody says that its files may be deleted.
    UNVERIFIED = "unverified"
    #: The server says that it failed or was cancelled.
    FAILED = "failed"
    CANCELLED = "cancelled"


def stage_of(
    state: ItemState, *, verified: bool, checksum_skipped: bool = False
) -> ItemStage | None:
    """Return the stage of an item that has ended at the server; None while the workstation's
    own, open or in problem, stays.

    ``verified``: the repository holds every byte of an import, checked. Before that it is not
    done; where checksums are skipped it never will be. The bytes of an export are checked where
    they arrive.
    """
    if state not in ENDED_STATES:
        return None
    if state not in DONE_STATES:
        return ItemStage(state)
    if verified or state is ItemState.DELIVERED:
        return ItemStage.DONE
    return ItemStage.UNVERIFIED if checksum_skipped else None


def shown_state(stage: ItemStage | None, reported: ItemState) -> ItemState:
    """Return the state of an item as the workstation shows it; ``told``: by the server, which
    may not have heard of the problem yet.
    """
    return ItemState.NEEDS_ATTENTION if stage is ItemStage.PROBLEM else reported


#: Nothing of these items is moved any more.
ENDED_STAGES = frozenset(
    {ItemStage.DONE, ItemStage.UNVERIFIED, ItemStage.FAILED, ItemStage.CANCELLED}
)
#: Every file of these items was moved.
MOVED_STAGES = frozenset({ItemStage.DONE, ItemStage.UNVERIFIED})
#: A retry opens these.
RETRIED_STAGES = frozenset({ItemStage.PROBLEM, ItemStage.FAILED})
