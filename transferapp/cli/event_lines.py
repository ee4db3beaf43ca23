"""What ``--json`` prints while a command follows: one object per line (docs/cli.md).

Each has an ``event``; the document at the end, a result or a problem, has none.
"""

from __future__ import annotations

from typing import Any

from transferapp.cli.output import show_json
from transferapp.model.transfers import TransferDetails


def show_event(event: str, **values: Any) -> None:
    """Print one line."""
    show_json({"event": event, **values}, as_line=True)


class TransferLines:
    """Tells how a transfer goes on: what is new since it was looked at last."""

    def __init__(self) -> None:
        self._transfer: dict[str, Any] = {}
        self._items: dict[str, dict[str, Any]] = {}

    def show(self, details: TransferDetails) -> None:
        """Print a line for the transfer and for each item, where something has changed."""
        whole = details.transfer
        transfer = {
            "transfer_id": whole.id,
            "state": whole.state,
            "items_done": whole.items_done,
            "item_count": whole.item_count,
            "bytes_done": whole.bytes_done,
            "size_bytes": whole.size_bytes,
        }
        if transfer != self._transfer:
            self._transfer = transfer
            show_event("transfer", **transfer)
        for one in details.items:
            item = {
                "item_id": one.id,
                "name": one.name,
                "state": one.state,
                "note": one.note,
                "code": one.trouble.code if one.trouble else "",
                "message": one.trouble.message if one.trouble else "",
            }
            if item != self._items.get(one.id):
                self._items[one.id] = item
                show_event("item", transfer_id=whole.id, **item)
