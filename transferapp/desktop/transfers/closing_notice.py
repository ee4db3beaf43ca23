"""What is said when the window closes: that work goes on, and only what is true of it."""

from __future__ import annotations

from collections.abc import Iterable

from transferapp.desktop.transfers.rows import TransferRow
from transferapp.notify.port import Notification


def closing_notice(rows: Iterable[TransferRow], *, in_tray: bool) -> Notification | None:
    """Return what to tell, or None when there is nothing worth telling."""
    running = [row for row in rows if not row.ended]
    if not running:
        return Notification(_STAYS, _HOW_TO_QUIT) if in_tray else None
    count = "One transfer goes" if len(running) == 1 else f"{len(running)} transfers go"
    if all(row.promises.safe_to_log_off for row in running):
        text = "The workstation service takes care of them: you may log off."
    else:
        text = "Not all are with the workstation service yet: do not log off now."
    title = f"{count} on without this window"
    return Notification(title, f"{text} {_HOW_TO_QUIT}" if in_tray else text)


_STAYS = "TransferApp stays in the tray"
_HOW_TO_QUIT = "Click its icon to come back, or choose Quit there."
