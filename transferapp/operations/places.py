"""The places of the facility: what people may choose, and what is theirs there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from transferapp.ledger.port import BroughtItems
from transferapp.model.brought import BroughtItem, BroughtTo
from transferapp.places.names import chosen_folder, person_folder, safe_name
from transferapp.places.settings import OfferedPlaces, PlaceSettings
from transferapp.protocol.places import BroughtView, PlaceView

#: Reads the facility's file anew at each use, so that a change holds at once.
OffersPlaces = Callable[[], Awaitable[OfferedPlaces]]


class PlaceOffers:
    """Says what places there are, and where an export goes at one."""

    def __init__(self, offered: OffersPlaces, records: BroughtItems) -> None:
        """Offer what ``offered`` reads; ``records`` knows what lies there."""
        self._offered, self._records = offered, records

    async def listed(self, username: str) -> list[PlaceView]:
        """List the places with what this person has there; raises SettingsInvalid."""
        offered, hindrances = await self._offered(), await self._records.hindrances()
        views = [
            await self._view(username, name, place) for name, place in offered.places.items()
        ]
        return [
            view.model_copy(update={"hindrance": hindrances.get(view.name, "")})
            for view in views
        ]

    async def hindrance(self, to: str) -> str:
        """Say what is in the way at the place that an export goes to; empty: nothing known."""
        if not to:
            return ""
        return (await self._records.hindrances()).get(BroughtTo.parse(to).place, "")

    async def destination(self, username: str, asked: BroughtTo, title: str) -> BroughtTo:
        """Return where an export is brought to: a folder of its own, named after it.

        Raises TargetNotFound, Invalid for a folder that cannot be.
        """
        (await self._offered()).place(asked.place)
        folder = chosen_folder(asked.folder)
        name = safe_name(title, "Export")
        wanted = f"{folder}/{name}" if folder else name
        export = await self._records.free_export(username, asked.place, wanted)
        return BroughtTo(asked.place, export)

    async def room_bytes(self, username: str, to: str) -> int | None:
        """Return how many bytes more the person may have at the place that an export goes to;
        None: no quota, or no place. Raises TargetNotFound.
        """
        if not to:
            return None
        name = BroughtTo.parse(to).place
        place = (await self._offered()).place(name)
        if not place.quota_bytes:
            return None
        return max(0, place.quota_bytes - await self._records.used_bytes(username, name))

    async def brought(self, transfer_id: str) -> list[BroughtView]:
        """List where the items of an export lie, or lay; the caller may see the transfer."""
        offered = await self._offered()
        items = await self._records.brought_of(transfer_id)
        return [_brought_view(offered.places.get(item.place), item) for item in items]

    async def _view(self, username: str, name: str, place: PlaceSettings) -> PlaceView:
        used = await self._records.used_bytes(username, name)
        return PlaceView(
            name=name,
            title=place.title or name,
            kind=str(place.kind),
            path=place.shown(person_folder(username)),
            used_bytes=used,
            quota_bytes=place.quota_bytes or None,
            keep_days=place.keep_days or None,
        )


def too_much(room: int | None, to: str, size_bytes: int, *, estimated: bool) -> str:
    """Say that an export has no room at its place, as far as that is known; else empty.

    What is made has another size than its pixels: it counts only where there is no room.
    """
    if room is None or (room > 0 and (estimated or size_bytes <= room)):
        return ""
    return (
        f"At '{BroughtTo.parse(to).place}' you have room for {room:,} bytes more. Delete"
        " there whole exports that you do not need any more; a few minutes later ask again."
    )


def _brought_view(place: PlaceSettings | None, item: BroughtItem) -> BroughtView:
    below = f"{person_folder(item.owner)}/{item.export}/{item.inside}"
    state = "removed" if item.removed_at else "there" if item.mark else "on the way"
    expires: datetime | None = item.expires_at
    return BroughtView(
        item_id=item.item_id,
        place=item.place,
        path=place.shown(below) if place else below,
        size_bytes=item.size_bytes,
        state=state,
        expires_at=expires,
        removed_at=item.removed_at,
    )
