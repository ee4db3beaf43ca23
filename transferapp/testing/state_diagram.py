"""Write the diagrams of the states of items, transfers and tasks into
``docs/background/states.md``: ``python -m transferapp.testing.state_diagram``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from transferapp.host.logging import configure_logging
from transferapp.model.moves import HELD_UP_STATES, IMPORT, MOVES, PREPARE
from transferapp.model.stages import ItemStage, shown_state, stage_of
from transferapp.model.transfers import (
    DONE_STATES,
    ENDED_STATES,
    PROBLEM_STATES,
    SHOWN_FIRST,
    SHOWN_OF_ENDED,
    WAY,
    ItemState,
    TransferKind,
)
from transferapp.taskqueue.moves import FORGOTTEN_TASK_STATES, TASK_MOVES
from transferapp.taskqueue.port import TaskState

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "background" / "states.md"
#: A move from nearly everywhere is said in the table, not drawn.
_MANY = 7
#: Where a worker leaves an item that does not go on.
_ASKED = (IMPORT.end & PREPARE.end) & (PROBLEM_STATES | HELD_UP_STATES)
#: Where a worker is at work.
_AT_WORK = (IMPORT.start & IMPORT.end | PREPARE.start & PREPARE.end) - _ASKED
_BEGIN, _END = "<!-- made by transferapp.testing.state_diagram -->", "<!-- end -->"

#: From, to, and the move's name.
_Arrow = tuple[StrEnum, StrEnum, str]


def document() -> str:
    """Return the document with its diagrams and tables made anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    front, _, rest = text.partition(_BEGIN)
    _, _, back = rest.partition(_END)
    parts = {
        **{f"{kind.value.title()}: an item": _item_diagram(kind) for kind in TransferKind},
        "All moves of an item": _item_table(),
        "The transfer": _transfer_table(),
        "The workstation's stage": _stage_table(),
        "The task": _task_diagram(),
        "All moves of a task": _task_table(),
    }
    made = "\n".join(f"## {title}\n\n{part}\n" for title, part in parts.items())
    return f"{front}{_BEGIN}\n\n{made}\n{_END}{back}"


def _item_diagram(kind: TransferKind) -> str:
    others = {state for way in WAY.values() for state in way} - set(WAY[kind])
    arrows = (
        (before, after, move.name)
        for move in MOVES
        if kind in move.kinds and len(move.start) < _MANY
        for before in move.start - others
        for after in move.end - others
        if _is_drawn(before, after)
    )
    return _diagram(arrows, DONE_STATES - others)


def _is_drawn(before: ItemState, after: ItemState) -> bool:
    """Leave out what would hide the way in a net of arrows: it is in the table."""
    if before is after or before is ItemState.STALLED:
        return False
    return before in _AT_WORK or after not in _ASKED


def _task_diagram() -> str:
    arrows = (
        (before, after, move.name)
        for move in TASK_MOVES
        for before in move.start
        for after in move.end
    )
    return _diagram(arrows, FORGOTTEN_TASK_STATES)


def _diagram(arrows: Iterable[_Arrow], last: Collection[StrEnum]) -> str:
    """Draw what begins in the queue; ``last``: states that lead out of the drawing."""
    lines = ["```mermaid", "stateDiagram-v2", "  direction LR", "  [*] --> queued"]
    for (before, after), same in groupby(sorted(arrows), lambda arrow: arrow[:2]):
        lines.append(
            f"  {_id(before)} --> {_id(after)}: {', '.join(name for *_, name in same)}"
        )
    lines += [f"  {_id(state)} --> [*]" for state in sorted(last)]
    return "\n".join([*lines, "```"])


def _item_table() -> str:
    return _table(
        ("Move", "By", "In", "From", "To"),
        (
            (
                move.name,
                move.mover,
                ", ".join(sorted(move.kinds)),
                _listed(ItemState, move.start),
                _listed(ItemState, move.end),
            )
            for move in MOVES
        ),
    )


def _task_table() -> str:
    return _table(
        ("Move", "By", "From", "To"),
        (
            (
                move.name,
                move.mover,
                _listed(TaskState, move.start),
                _listed(TaskState, move.end),
            )
            for move in TASK_MOVES
        ),
    )


def _transfer_table() -> str:
    folded = {"one item at least has not": SHOWN_FIRST, "every item has": SHOWN_OF_ENDED}
    return _table(
        ("Ended", "Shown is the first of these that an item is in"),
        ((ended, ", ".join(states)) for ended, states in folded.items()),
    )


def _stage_table() -> str:
    rows = []
    for stage in ItemStage:
        skipped = stage is ItemStage.UNVERIFIED
        states = [
            state
            for state in ItemState
            if stage_of(state, verified=not skipped, checksum_skipped=skipped) is stage
        ]
        if not states:
            shown = shown_state(stage, ItemState.UPLOADING)
            own = "the same" if shown is ItemState.UPLOADING else shown
            rows.append(
                (stage.name.lower(), _listed(ItemState, set(ItemState) - ENDED_STATES), own)
            )
        else:
            rows.append((stage.name.lower(), ", ".join(states), "the same"))
    return _table(("Stage", "The server says of the item", "Shown"), rows)


def _table(heads: Collection[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace(" --- ", "---")


def _listed(every: type[StrEnum], states: Collection[StrEnum]) -> str:
    return ", ".join(state for state in every if state in states)


def _id(state: StrEnum) -> str:
    return state.value.replace("-", "_")


def main() -> None:
    """Write the document."""
    configure_logging("state-diagram", private=False)
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
