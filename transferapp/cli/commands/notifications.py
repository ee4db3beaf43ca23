"""How the signed-in person is told: mail, webhook, and about what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import command, echo, show_json, show_table
from transferapp.client.inbox import InboxClient, preferences_of
from transferapp.notify.port import Topic
from transferapp.protocol.messages import NotificationView

R = TypeVar("R")

app = typer.Typer(help="How you are told what came of your transfers.", no_args_is_help=True)


class Way(StrEnum):
    """The channels that can be tried and switched off."""

    MAIL = "mail"
    WEBHOOK = "webhook"


def _ask(function: Callable[[InboxClient], Awaitable[R]]) -> R:
    async def work() -> R:
        async with (
            signed_in.server_client() as (server, _),
            InboxClient(server.base_url, server.token) as client,
        ):
            return await function(client)

    return asyncio.run(work())


@app.command()
@command
def show(*, as_json: AsJson = False) -> None:
    """Show how you are told."""
    _show(_ask(lambda client: client.notifications()), as_json=as_json)


@app.command()
@command
def mail(
    address: Annotated[str, typer.Argument(help="Where mails go. The same again: a new code.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Have mails sent; a code comes to the address first, for 'notifications verify'."""
    view = _change(Way.MAIL, address=address)
    _show(view, as_json=as_json)
    if not view.address_verified:
        echo(f"A code was mailed to {address}. Run: transferapp notifications verify CODE")


@app.command()
@command
def verify(
    code: Annotated[str, typer.Argument(help="The code from the mail.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Confirm the mail address."""
    _show(_ask(lambda client: client.verify_address(code)), as_json=as_json)


@app.command()
@command
def webhook(
    url: Annotated[str, typer.Argument(help="Where messages are posted: https://...")],
    *,
    as_json: AsJson = False,
) -> None:
    """Have messages posted to a URL; its secret is shown now and never again."""
    view = _change(Way.WEBHOOK, webhook_url=url)
    _show(view, as_json=as_json)
    if view.webhook_secret and not as_json:
        echo("Keep the secret for your receiver: it is not shown again.")


@app.command()
@command
def topics(
    chosen: Annotated[list[Topic], typer.Argument(help="What is mailed and posted.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Choose what is mailed and posted; the inbox has everything."""
    names = [str(topic) for topic in chosen]

    async def work(client: InboxClient) -> NotificationView:
        preferences = preferences_of(await client.notifications(), topics=names)
        return await client.change_notifications(preferences)

    _show(_ask(work), as_json=as_json)


@app.command("test")
@command
def try_out(way: Way, *, as_json: AsJson = False) -> None:
    """Send an example now; what the other side answers is shown."""
    _ask(lambda client: client.try_channel(way))
    if as_json:
        show_json({"channel": way, "sent": True})
    else:
        echo(f"Sent by {way}.")


@app.command()
@command
def off(
    way: Annotated[Way | None, typer.Argument(help="Only this one.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Send nothing any more; addresses are kept, and so is the inbox."""
    ways = set(Way) if way is None else {way}

    async def work(client: InboxClient) -> NotificationView:
        view = await client.notifications()
        kept = [name for name in view.channels if name not in ways]
        return await client.change_notifications(preferences_of(view, channels=kept))

    _show(_ask(work), as_json=as_json)


def _change(way: Way, **changes: object) -> NotificationView:
    async def work(client: InboxClient) -> NotificationView:
        view = await client.notifications()
        channels = sorted({*view.channels, way})
        return await client.change_notifications(
            preferences_of(view, channels=channels, **changes)
        )

    return _ask(work)


def _show(view: NotificationView, *, as_json: bool) -> None:
    if as_json:
        show_json(view)
        return
    proof = "confirmed" if view.address_verified else "waits for its code"
    rows = [
        ("Inbox", _on(view, "inbox"), ""),
        ("Mail", _on(view, Way.MAIL), f"{view.address} ({proof})" if view.address else ""),
        ("Webhook", _on(view, Way.WEBHOOK), view.webhook_url),
        ("Topics", "", ", ".join(view.topics) or "none"),
    ]
    if view.webhook_secret:
        rows.append(("Secret", "", view.webhook_secret))
    show_table(("", "", ""), rows)


def _on(view: NotificationView, channel: str) -> str:
    return "on" if channel in view.channels else "off"
