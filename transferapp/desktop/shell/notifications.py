"""Decide what is worth telling, in which words, and tell each thing exactly once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from transferapp.client.source_scans import not_scanned_at, scan_source
from transferapp.desktop.session.background import kept_going
from transferapp.desktop.session.observable import Listeners
from transferapp.errors import TransferAppError
from transferapp.model.attachments import attached_text
from transferapp.model.drops import left_out_text
from transferapp.model.events import Event, EventKind
from transferapp.model.transfers import (
    PROBLEM_STATES,
    ItemState,
    TransferDetails,
    TransferKind,
)
from transferapp.notify.port import Notification, Urgency

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.notify.port import Notifier

#: Seconds that further events are waited for, so that 200 bad files are told in one go.
GATHER_S = 0.8
#: A person must act on these; what waits goes on by itself and disturbs nobody.


class NotificationsPresenter:
    """Follows the person's events, live and those missed while the desktop was closed.

    ``open_requested`` carries a transfer id when a notification was clicked.
    """

    def __init__(
        self, session: SessionPresenter, notifier: Notifier, *, gather_s: float = GATHER_S
    ) -> None:
        self._session = session
        self._notifier = notifier
        self._gather_s = gather_s
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self.open_requested: Listeners[[str]] = Listeners()
        self._stop = session.events.listen(self._events.put_nowait)

    async def run(self) -> None:
        """Tell what comes, for ever."""
        try:
            await kept_going("notifications", self._report_for_ever).run()
        finally:
            self._stop()

    async def _report_for_ever(self) -> None:
        while True:
            await self._report(await self._gather())

    async def try_out(self) -> bool:
        """Show an example; False when this computer shows no notifications."""
        example = Notification(
            "Notifications work", "TransferApp tells you here when it is done."
        )
        return await self._notifier.report(example)

    async def _gather(self) -> list[Event]:
        """Return the next event worth telling and those that follow at once."""
        found: list[Event] = []
        while not found:
            event = await self._events.get()
            found = [event] if _is_worth_reporting(event) else []
        await asyncio.sleep(self._gather_s)
        while not self._events.empty():
            event = self._events.get_nowait()
            if _is_worth_reporting(event):
                found.append(event)
        return found

    async def _report(self, events: list[Event]) -> None:
        owner = events[0].owner
        by_transfer: dict[str, list[Event]] = {}
        for event in events:
            by_transfer.setdefault(event.transfer_id, []).append(event)
        if owner != self._session.username:
            return  # She has signed out meanwhile; she is told when she comes back.
        for transfer_id, group in by_transfer.items():
            if self._session.settings.notifications:
                notification = await self._text(transfer_id, group)
                await self._notifier.report(notification, self._open)
        await self._session.mark_seen(max(event.id for event in events))

    def _open(self, key: str) -> None:
        self.open_requested.notify(key)

    async def _text(self, transfer_id: str, events: list[Event]) -> Notification:
        ended = [e for e in events if e.kind is EventKind.TRANSFER_ENDED]
        server, details = self._session.server, None
        with suppress(TransferAppError):  # Told from the events alone.
            details = await server.transfer(transfer_id)
            if ended:
                scanned = await scan_source(self._session.agent, details.transfer)
                details = await server.transfer(transfer_id)
                if not scanned:
                    details = replace(details, transfer=not_scanned_at(details.transfer))
        if ended:
            return _ended(ended[-1], details)
        return _troubled(events, details)


def _is_worth_reporting(event: Event) -> bool:
    if event.kind is EventKind.TRANSFER_ENDED:
        return event.state != ItemState.CANCELLED  # She cancelled it herself.
    return event.kind is EventKind.ITEM_PROBLEM and event.state in PROBLEM_STATES


def _ended(event: Event, details: TransferDetails | None) -> Notification:
    if details is None:
        return Notification(f"{event.title}: finished", event.message, event.transfer_id)
    transfer = details.transfer
    if transfer.items_done == transfer.item_count:
        text = _import_done if transfer.kind is TransferKind.IMPORT else _export_done
        return text(details)
    failed = transfer.item_count - transfer.items_done
    return Notification(
        f"{transfer.kind.capitalize()} of {_counted(transfer.file_count, 'file')} ended,"
        f" {failed} of {transfer.item_count} not done",
        f"“{transfer.name}”: {event.message}. Open Transfers to see what to do.",
        transfer.id,
        Urgency.CRITICAL,
    )


def _import_done(details: TransferDetails) -> Notification:
    transfer = details.transfer
    images = sum(len(item.image_ids) for item in details.items)
    place = f" in {transfer.target.kind} “{transfer.target_name}”" if transfer.target else ""
    attached = attached_text(transfer.to_attach, transfer.attached)
    text = f"{_counted(images, 'image')}{place}{attached and f', {attached}'}."
    if transfer.promises.safe_to_delete_source:
        text += " Safe to delete the originals."
    elif transfer.left_out_files:
        files = left_out_text(transfer.left_out_files, transfer.left_out_names)
        text += f" Do not delete the folder: {files[:1].lower()}{files[1:]}"
    return Notification(
        f"Import of {_counted(transfer.file_count, 'file')} finished", text, transfer.id
    )


def _export_done(details: TransferDetails) -> Notification:
    transfer = details.transfer
    return Notification(
        f"Export of {_counted(transfer.file_count, 'file')} finished",
        f"“{transfer.name}” is complete, every byte checked.",
        transfer.id,
    )


def _troubled(events: list[Event], details: TransferDetails | None) -> Notification:
    first, key = events[0], events[0].transfer_id
    kind = details.transfer.kind if details else TransferKind.IMPORT
    items = {event.item_id for event in events}
    if len(items) == 1:
        return Notification(
            f"{kind.capitalize()}: {_lower_first(first.title)}",
            events[-1].message,
            key,
            Urgency.CRITICAL,
        )
    return Notification(
        f"{kind.capitalize()}: {len(items)} items need your attention",
        f"{first.message} Open Transfers to see all.",
        key,
        Urgency.CRITICAL,
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
