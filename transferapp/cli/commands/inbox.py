"""What the server has to tell the signed-in person."""

from __future__ import annotations

import asyncio
import shlex
from typing import Annotated

import typer

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.former import FORMER, FormerForms, echo_new_form
from transferapp.cli.output import command, show_json, show_table
from transferapp.client.inbox import InboxClient
from transferapp.protocol.messages import InboxMessage, Page

app = typer.Typer(cls=FormerForms, help="What came of your transfers: your notifications.")

Unread = Annotated[bool, typer.Option("--unread", help="Only what is new.")]
After = Annotated[str, typer.Option(help="The 'next' of the page before.")]


@app.command("list")
@command
def list_inbox(after: After = "", *, unread: Unread = False, as_json: AsJson = False) -> None:
    """List your notifications, newest first."""
    _show(None, after, unread=unread, as_json=as_json)


@app.command()
@command
def read(
    entry_id: Annotated[int, typer.Argument(help="As 'inbox list' shows it.")],
    after: After = "",
    *,
    unread: Unread = False,
    as_json: AsJson = False,
) -> None:
    """Mark one as read, and list your notifications."""
    _show(entry_id, after, unread=unread, as_json=as_json)


@app.command(FORMER, hidden=True)
@command
def former(
    read: Annotated[int | None, typer.Option()] = None,
    after: After = "",
    *,
    unread: Unread = False,
    as_json: AsJson = False,
) -> None:
    """Do what 'inbox [--read ID]' did; goes with the next release."""
    text = ["list"] if read is None else ["read", str(read)]
    text += ["--after", after] if after else []
    text += ["--unread"] if unread else []
    echo_new_form("inbox", shlex.join(text))
    _show(read, after, unread=unread, as_json=as_json)


def _show(read: int | None, after: str, *, unread: bool, as_json: bool) -> None:
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
        (
            one.id,
            "" if one.read_at else "new",
            f"{one.at:%Y-%m-%d %H:%M}",
            one.title,
            _text(one),
        )
        for one in page.items
    ]
    show_table(("", "", "When (UTC)", "What", ""), rows)


def _text(one: InboxMessage) -> str:
    return " ".join((one.text, *one.links))
