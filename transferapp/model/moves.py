"""The moves of an item between its states: which are allowed, and who makes them.

Nothing else says from which state an item may go where: whoever moves an item names its move,
and the ledger refuses what that does not allow. Drawn in ``docs/background/states.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from transferapp.model.transfers import ENDED_STATES, PROBLEM_STATES, ItemState, TransferKind


class Mover(StrEnum):
    """Who makes a move."""

    WORKSTATION = "workstation"
    PERSON = "person"
    SERVER = "server"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Move:
    """A move: from any of the states in ``start`` to any in ``end``, in transfers of these
    kinds.
    """

    name: str
    mover: Mover
    kinds: frozenset[TransferKind]
    start: frozenset[ItemState]
    end: frozenset[ItemState]

    def allows(self, before: ItemState, after: ItemState) -> bool:
        """Say whether an item may go so."""
        return before in self.start and after in self.end


_S = ItemState
_IMPORT, _EXPORT = frozenset({TransferKind.IMPORT}), frozenset({TransferKind.EXPORT})
_BOTH = _IMPORT | _EXPORT
_ASKED = frozenset({_S.WAITING, _S.NEEDS_ATTENTION, _S.FAILED})

#: The first bytes of an item arrive.
UPLOAD = Move(
    "upload", Mover.WORKSTATION, _IMPORT,
    frozenset({_S.QUEUED, _S.STALLED}), frozenset({_S.UPLOADING}),
)  # fmt: skip
#: The workstation cannot go on: a file changed, a disk is full.
REPORT = Move(
    "report a problem", Mover.WORKSTATION, _BOTH,
    frozenset({
        _S.QUEUED, _S.UPLOADING, _S.READY, _S.DOWNLOADING,
        _S.WAITING, _S.STALLED, _S.NEEDS_ATTENTION,
    }),
    frozenset({_S.NEEDS_ATTENTION}),
)  # fmt: skip
#: The workstation can go on again.
GO_ON = Move(
    "go on", Mover.WORKSTATION, _BOTH,
    frozenset({_S.NEEDS_ATTENTION}), frozenset({_S.QUEUED, _S.UPLOADING, _S.READY}),
)  # fmt: skip
#: All files are here although a problem was reported: it is over.
COMPLETE = Move(
    "complete", Mover.SERVER, _IMPORT,
    frozenset({_S.NEEDS_ATTENTION}), frozenset({_S.UPLOADING}),
)  # fmt: skip
#: All files are here and the task is queued. A worker may be faster: it is not set back.
RECEIVE = Move(
    "receive", Mover.SERVER, _IMPORT,
    frozenset({_S.QUEUED, _S.UPLOADING, _S.STALLED}), frozenset({_S.RECEIVED}),
)  # fmt: skip
#: A worker brings the files into the repository. From the first two states also, because the
#: worker may be faster than the request that still writes "received".
IMPORT = Move(
    "import", Mover.WORKER, _IMPORT,
    frozenset({
        _S.QUEUED, _S.UPLOADING, _S.RECEIVED, _S.IMPORTING, _S.WAITING, _S.STALLED,
    }),
    frozenset({_S.IMPORTING, _S.IMPORTED}) | _ASKED,
)  # fmt: skip
#: A worker finds out which files belong to the images.
PREPARE = Move(
    "prepare", Mover.WORKER, _EXPORT,
    frozenset({_S.QUEUED, _S.PREPARING, _S.WAITING, _S.STALLED}),
    frozenset({_S.PREPARING, _S.READY}) | _ASKED,
)  # fmt: skip
#: The first byte is asked for.
DOWNLOAD = Move(
    "download", Mover.WORKSTATION, _EXPORT,
    frozenset({_S.READY}), frozenset({_S.DOWNLOADING}),
)  # fmt: skip
#: A worker brings the files to a place of the facility.
BRING = Move(
    "bring", Mover.WORKER, _EXPORT,
    frozenset({_S.READY, _S.DOWNLOADING, _S.WAITING, _S.STALLED}),
    frozenset({_S.DOWNLOADING, _S.DELIVERED}) | _ASKED,
)  # fmt: skip
#: Every file is at its destination, with the right hash; may be said again.
DELIVER = Move(
    "deliver", Mover.WORKSTATION, _EXPORT,
    (REPORT.start | {_S.DELIVERED}) - {_S.QUEUED, _S.UPLOADING}, frozenset({_S.DELIVERED}),
)  # fmt: skip
#: Delivered files are not where they were put any more: the workstation looks once more before
#: it writes down what has come.
LOSE = Move(
    "find gone", Mover.WORKSTATION, _EXPORT,
    frozenset({_S.DELIVERED}), frozenset({_S.NEEDS_ATTENTION}),
)  # fmt: skip
#: A person stops what has not ended.
CANCEL = Move(
    "cancel", Mover.PERSON, _BOTH,
    frozenset(_S) - ENDED_STATES, frozenset({_S.CANCELLED}),
)  # fmt: skip
#: A person lets an item go on from where it stopped.
RETRY = Move(
    "retry", Mover.PERSON, _BOTH,
    PROBLEM_STATES, frozenset({_S.QUEUED, _S.UPLOADING, _S.RECEIVED, _S.READY}),
)  # fmt: skip
#: A person retries, and the workstation finds a file changed since it was sent: the item waits
#: for it once more. Only what waits for files, or for a person; what a worker may have begun
#: stays as it is.
SEND_ANEW = Move(
    "send anew", Mover.PERSON, _IMPORT,
    frozenset({_S.QUEUED, _S.UPLOADING, _S.STALLED}) | PROBLEM_STATES,
    frozenset({_S.QUEUED, _S.UPLOADING}),
)  # fmt: skip
#: A worker tells what a cancelled import left in the repository.
REPORT_LEFT = Move(
    "tell what is left", Mover.WORKER, _IMPORT,
    frozenset({_S.CANCELLED}), frozenset({_S.CANCELLED}),
)  # fmt: skip

MOVES = (
    UPLOAD, REPORT, GO_ON, COMPLETE, RECEIVE, IMPORT,
    PREPARE, DOWNLOAD, BRING, DELIVER, LOSE,
    CANCEL, RETRY, SEND_ANEW, REPORT_LEFT,
)  # fmt: skip

#: Nobody is asked about these any more: what ended, but for what may be retried. Only who finds
#: delivered files gone leads away from them.
FINAL_STATES = frozenset(
    state
    for state in ItemState
    if not any(state in move.start and move.end - {state} for move in MOVES if move != LOSE)
)
#: Bytes are on their way.
MOVING_STATES = UPLOAD.end | DOWNLOAD.end
#: Someone should be giving signs of life.
LIVELY_STATES = MOVING_STATES | {_S.IMPORTING}
#: It goes on by itself, later: when its time has come, or its workstation is back.
HELD_UP_STATES = frozenset({_S.WAITING, _S.STALLED})
#: The first byte may move, and nobody has heard of it yet.
BEFORE_BYTES_STATES = (UPLOAD.start | DOWNLOAD.start) - HELD_UP_STATES
#: Export: the files can be fetched now.
FETCHED_STATES = DOWNLOAD.start | DOWNLOAD.end
#: Export: the files are looked up now, if nothing is in the way.
UNPREPARED_STATES = PREPARE.start - HELD_UP_STATES
#: Its task stands in line. A retry moves nothing, but wakes a task that a crash left behind.
IN_LINE_STATES = frozenset({_S.QUEUED, _S.RECEIVED})


def can_cancel(state: ItemState) -> bool:
    """Say whether cancelling would stop something."""
    return state in CANCEL.start


def can_retry(state: ItemState) -> bool:
    """Say whether a person is offered to try again: what needs one, which is moved, and what
    is held up, of which the workstation does not wait any longer.
    """
    return state in RETRY.start | HELD_UP_STATES
