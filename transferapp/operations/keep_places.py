"""What is done at places now and then: what has expired goes, and people hear of it before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from transferapp.errors import Denied, PlaceUnavailable, SettingsInvalid
from transferapp.host.sparing import sparing
from transferapp.ledger.port import OldBroughtItems
from transferapp.model.brought import BroughtItem
from transferapp.operations.bring_export import abandon
from transferapp.operations.bring_parts import BringParts, bring_ready
from transferapp.operations.brought_spots import brought_files, spot_of
from transferapp.places.port import FacilityPlace, Spot
from transferapp.taskqueue.port import TaskSubmission

_log = structlog.get_logger(__name__)


class PlaceKeeping:
    """Keeps places in order; any number of workers may do so at the same time."""

    def __init__(
        self, parts: BringParts, records: OldBroughtItems, queue: TaskSubmission
    ) -> None:
        """Use the places of ``parts``; ``records`` is what is known of them."""
        self._parts, self._records, self._queue = parts, records, queue
        #: Why places cannot be used now, by their names: each is logged when it is news.
        self._hindrances: dict[str, str] = {}

    async def check_places(self) -> int:
        """Log, and note for people, what is in the way of bringing anything anywhere; returns
        how many places.
        """

        async def check(_: str, place: FacilityPlace) -> int:
            await place.check()
            return 0

        await self._at_each(check)
        for name in (await self._parts.offered()).places:
            await self._records.note_hindrance(name, self._hindrances.get(name, ""))
        return len(self._hindrances)

    async def bring_leftovers(self) -> int:
        """Queue what was prepared when its worker was killed; returns how many items."""
        queued = 0
        for item_id in await self._records.unbrought():
            with sparing("prepared item", item_id):
                queued += await bring_ready(self._parts.ledger, self._queue, item_id)
        return queued

    async def discard_abandoned(self) -> int:
        """Take away what cancelled items left half done; returns how many items."""
        gone, away = 0, set[str]()
        for item in await self._records.abandoned():
            with sparing("cancelled item at a place", item.item_id):
                try:
                    if item.place not in away:
                        gone += await abandon(self._parts, item.item_id)
                except PlaceUnavailable:
                    away.add(item.place)
        return gone

    async def notify_expiry(self) -> int:
        """Tell people what of theirs is removed soon; returns how many exports."""
        notified = 0
        for name, settings in (await self._parts.offered()).places.items():
            before = self._parts.clock.now() + timedelta(days=settings.notice_days)
            notified += await self._records.notify_expiry(name, before)
        return notified

    async def remove_expired(self) -> int:
        """Remove what has expired, and nothing else; returns how many items."""
        return await self._at_each(self._removed_from)

    async def note_gone(self) -> int:
        """Note what people have deleted themselves: it is in their quota no more."""
        return await self._at_each(self._gone_from)

    async def _at_each(self, do: Callable[[str, FacilityPlace], Awaitable[int]]) -> int:
        """Do something at each place; one that is away keeps no other from its turn."""
        count = 0
        for name, settings in (await self._parts.offered()).places.items():
            try:
                count += await do(name, self._parts.open_place(name, settings))
            except (PlaceUnavailable, Denied, SettingsInvalid) as error:
                if self._hindrances.get(name) != error.message:
                    _log.error("place not usable", target=name, error=error.message)
                self._hindrances[name] = error.message
            else:
                self._hindrances.pop(name, None)
        return count

    async def _gone_from(self, name: str, place: FacilityPlace) -> int:
        gone, exports = 0, await self._records.exports_at(name)
        if exports:
            await place.check()
        for owner, export in exports:
            above, _, last = export.rpartition("/")
            with sparing("export at a place", export):
                if await place.is_free(Spot("", owner, above, last)):
                    gone += await self._records.export_gone(owner, name, export)
        return gone

    async def _removed_from(self, name: str, place: FacilityPlace) -> int:
        removed = 0
        for item in await self._records.expired(name, self._parts.clock.now()):
            with sparing("expired item at a place", item.item_id):
                removed += await self._remove(place, item)
        return removed

    async def _remove(self, place: FacilityPlace, item: BroughtItem) -> int:
        """Remove what one item has brought; what a person changed or added stays."""
        work = await self._parts.ledger.work(item.item_id)
        stay = await place.remove(spot_of(item), brought_files(work), item.mark)
        await self._parts.brought.removed([item.item_id])
        _log.info("brought item removed", item=item.item_id, target=item.place, count=stay)
        return 1
