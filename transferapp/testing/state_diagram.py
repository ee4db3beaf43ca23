"""Write the diagrams of an item's moves into ``docs/background/states.md``:
``python -m transferapp.testing.state_diagram``.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from transferapp.host.logging import configure_logging
from transferapp.model.moves import MOVES
from transferapp.model.transfers import DONE_STATES, ItemState, TransferKind

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "background" / "states.md"
#: A move from nearly everywhere is said in the table, not drawn.
_MANY = 7
_OF_IMPORTS = frozenset(
    {ItemState.UPLOADING, ItemState.RECEIVED, ItemState.IMPORTING, ItemState.IMPORTED}
)
_OF_EXPORTS = frozenset(
    {ItemState.PREPARING, ItemState.READY, ItemState.DOWNLOADING, ItemState.DELIVERED}
)
_OF_OTHERS = {TransferKind.IMPORT: _OF_EXPORTS, TransferKind.EXPORT: _OF_IMPORTS}
_ASKED = frozenset({ItemState.WAITING, ItemState.NEEDS_ATTENTION, ItemState.FAILED})
_BEGIN, _END = "<!-- made by transferapp.testing.state_diagram -->", "<!-- end -->"


def document() -> str:
    """Return the document with its diagrams and table made anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    front, _, rest = text.partition(_BEGIN)
    _, _, back = rest.partition(_END)
    parts = [
        *(f"## {kind.value.title()}\n\n{_diagram(kind)}\n" for kind in TransferKind),
        f"## All moves\n\n{_table()}\n",
    ]
    made = "\n".join(parts)
    return f"{front}{_BEGIN}\n\n{made}\n{_END}{back}"


def _diagram(kind: TransferKind) -> str:
    lines = ["```mermaid", "stateDiagram-v2", "  direction LR", "  [*] --> queued"]
    arrows = sorted(
        (before, after, move.name)
        for move in MOVES
        if kind in move.kinds and len(move.start) < _MANY
        for before in move.start - _OF_OTHERS[kind]
        for after in move.end - _OF_OTHERS[kind]
        if _is_drawn(before, after)
    )
    for (before, after), same in groupby(arrows, lambda arrow: arrow[:2]):
        lines.append(
            f"  {_id(before)} --> {_id(after)}: {', '.join(name for *_, name in same)}"
        )
    lines += [f"  {_id(state)} --> [*]" for state in sorted(DONE_STATES - _OF_OTHERS[kind])]
    return "\n".join([*lines, "```"])


def _is_drawn(before: ItemState, after: ItemState) -> bool:
    """Leave out what would hide the way in a net of arrows: it is in the table."""
    if before is after or before is ItemState.STALLED:
        return False
    at_work = before in (ItemState.IMPORTING, ItemState.PREPARING)
    return at_work or after not in _ASKED


def _table() -> str:
    rows = ["| Move | By | In | From | To |", "|---|---|---|---|---|"]
    rows += [
        f"| {move.name} | {move.mover} | {', '.join(sorted(move.kinds))} |"
        f" {_states(move.start)} | {_states(move.end)} |"
        for move in MOVES
    ]
    return "\n".join(rows)


def _states(states: frozenset[ItemState]) -> str:
    return ", ".join(state for state in ItemState if state in states)


def _id(state: ItemState) -> str:
    return state.value.replace("-", "_")


def main() -> None:
    """Write the document."""
    configure_logging("state-diagram", private=False)
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
