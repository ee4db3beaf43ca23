"""How transfers are shown: in a list, or one with its items and where they went."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import humanize

from transferapp.cli import promise_texts, wiring
from transferapp.cli.output import echo, show_table
from transferapp.client.server import ServerClient
from transferapp.errors import TransferAppError
from transferapp.model.image_pages import image_pages
from transferapp.model.transfers import Transfer, TransferDetails, TransferKind
from transferapp.protocol.messages import PlacementView

#: Addresses below a transfer on a screen.
MOST_PAGES = 20


async def placements_of(server: ServerClient, details: TransferDetails) -> list[PlacementView]:
    """Ask where an export's items go: the server of those that are brought to a place, else
    this computer's agent; nothing where it cannot say.
    """
    if details.transfer.kind is not TransferKind.EXPORT:
        return []
    if details.transfer.brought_to:
        return [
            PlacementView(item_id=one.item_id, path=one.path, placed=one.state == "there")
            for one in await server.brought(details.transfer.id)
        ]
    async with wiring.agent_client() as agent:
        with suppress(TransferAppError):
            return await agent.placements(details.transfer.id)
    return []


def show_transfers(transfers: Sequence[Transfer]) -> None:
    """Print one line for each."""
    rows = [
        (
            t.id,
            t.kind,
            t.name,
            t.state,
            f"{t.items_done}/{t.item_count}",
            humanize.naturalsize(t.size_bytes),
            humanize.naturaltime(t.created_at),
        )
        for t in transfers
    ]
    show_table(("Transfer", "Kind", "Name", "State", "Items", "Size", "Started"), rows)


def show_details(details: TransferDetails, placements: Sequence[PlacementView] = ()) -> None:
    """Print a transfer, its items, and what may be promised of its source."""
    show_transfers([details.transfer])
    if by := details.transfer.asked_by:
        echo(f"Asked for by {by}; the images belong to {details.transfer.owner}.")
    where = {one.item_id: one.path for one in placements if one.placed}
    rows = [
        (
            i.name,
            str(i.state),
            i.trouble.message if i.trouble else where.get(i.id, i.note),
            _images(i.image_ids),
        )
        for i in details.items
    ]
    rows += [(o.client_path, f"left out: {o.reason}", o.sentence, "") for o in details.left_out]
    show_table(("Item", "State", "", "Images"), rows)
    for page in list(pages_of(details).values())[:MOST_PAGES]:
        echo(page)
    if len(details.image_ids) > MOST_PAGES and details.image_page:
        echo(f"and {len(details.image_ids) - MOST_PAGES:,} more images (--json has all).")
    if text := promise_texts.deleting(details.transfer):
        echo(text)


def pages_of(details: TransferDetails) -> dict[int, str]:
    """Return where the images of a transfer are seen in a browser, by their ids."""
    return image_pages(details.image_page, details.image_ids)


def _images(ids: Sequence[int]) -> str:
    return " ".join(f"Image:{number}" for number in ids[:5]) + (" ..." if len(ids) > 5 else "")  # noqa: PLR2004
