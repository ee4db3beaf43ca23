"""What the server has to tell the signed-in person."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import command, show_json, show_table
from transferapp.client.inbox import InboxClient
from transferapp.protocol.messages import InboxMessage, Page


@command
def inbox(
    read: Annotated[int | None, typer.Option(help="Mark this one as read.")] = None,
    after: Annotated[str, typer.Option(help="The 'next' of the page before.")] = "",
    *,
    unread: Annotated[bool, typer.Option("--unread", help="Only what is new.")] = False,
    as_json: AsJson = False,
) -> None:
    """List your notifications, newest first."""

    async def work() -> Page[InboxMessage]:
        async with (
            signed_in.server_client() as (server, _),
            InboxClient(server.base_url, server.token) as client,
        ):
            if read is not None:
                await client.mark_read(read)
            return await client.inbox(unread=unread, after=after)

    page = asyncio.run(work())
    if as_json:
        show_json(page)
        return
    rows = [
        (one.id, "" if one.read_at else "new", f"{one.at:%Y-%m-%d %H:%M}", one.title, one.text)
        for one in page.items
    ]
    show_table(("", "", "When (UTC)", "What", ""), rows)
