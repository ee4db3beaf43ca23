"""What a person may still wish of a transfer: asked by the server when she does, and before
something is made for it.
"""

from __future__ import annotations

from transferapp.errors import Invalid, StateConflict, TransferNotFound
from transferapp.model.moves import IN_LINE_STATES, RETRY
from transferapp.model.transfers import DONE_STATES, ItemState, TransferDetails, TransferKind

_OVER = DONE_STATES | {ItemState.CANCELLED}
#: A retry does no harm: its workstation may have been faster.
_RETRIED_IN_VAIN = IN_LINE_STATES | {ItemState.UPLOADING}


def check_can_retry(details: TransferDetails, item_id: str) -> None:
    """Raise StateConflict for an item that did not fail, TransferNotFound for none of it."""
    state = next((item.state for item in details.items if item.id == item_id), None)
    if state is None:
        raise TransferNotFound("This item of a transfer does not exist.")
    if state not in RETRY.start | _RETRIED_IN_VAIN:
        raise StateConflict(f"There is nothing to retry: it is {state}.")


def check_can_retarget(details: TransferDetails) -> None:
    """Raise Invalid for an export, StateConflict when nothing of an import is left."""
    if details.transfer.kind is not TransferKind.IMPORT:
        raise Invalid("Only an import has a target.")
    if all(item.state in _OVER for item in details.items):
        raise StateConflict(
            "Nothing of it is left to import, so it needs no other target. Import the files"
            " anew to have them there."
        )
