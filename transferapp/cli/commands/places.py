"""Places of the facility that exports can be brought to."""

from __future__ import annotations

import asyncio

import humanize

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import command, show_json, show_table, warn
from transferapp.protocol.places import PlaceView


@command
def places(*, as_json: AsJson = False) -> None:
    """List the places that 'export --to NAME:' brings files to, with what you have there."""

    async def work() -> list[PlaceView]:
        async with signed_in.server_client() as (server, _):
            return await server.places()

    found = asyncio.run(work())
    if as_json:
        show_json(found)
        return
    rows = [
        (f"{one.name}:", one.title, one.kind, one.path, _room(one), _kept(one)) for one in found
    ]
    show_table(("Place", "", "Kind", "Your folder", "Used", "Kept"), rows)
    for one in found:
        if one.hindrance:
            warn(f"{one.name}: {one.hindrance}")


def _room(place: PlaceView) -> str:
    used = humanize.naturalsize(place.used_bytes)
    if place.quota_bytes is None:
        return used
    return f"{used} of {humanize.naturalsize(place.quota_bytes)}"


def _kept(place: PlaceView) -> str:
    return f"{place.keep_days} days" if place.keep_days else "for good"
