"""What is under way and what has ended; stop it, or let it go on."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated

import typer

from transferapp.cli import following, signed_in, targets, wiring
from transferapp.cli.commands.session import AsJson
from transferapp.cli.former import FORMER, FormerForms, echo_new_form
from transferapp.cli.output import command, echo, show_json
from transferapp.cli.transfer_tables import (
    pages_of,
    placements_of,
    show_details,
    show_transfers,
)
from transferapp.client.agent import NOT_IN_ITS_HANDS, AgentClient
from transferapp.client.server import ServerClient
from transferapp.errors import AgentUnreachable, Invalid, NotFound, StateConflict
from transferapp.model.moves import RETRY
from transferapp.model.retries import check_can_retarget, check_can_retry
from transferapp.model.transfers import ENDED_STATES, TransferDetails

app = typer.Typer(cls=FormerForms, help="What is under way and what has ended.")

TransferId = Annotated[str, typer.Argument(help="As 'transfers list' shows it.")]
Limit = Annotated[int, typer.Option(help="How many, newest first.")]
Item = Annotated[str, typer.Option(help="Only the item of this name.")]
Create = Annotated[bool, typer.Option("--create", help="Make a missing target.")]


@app.command("list")
@command
def list_transfers(limit: Limit = 20, *, as_json: AsJson = False) -> None:
    """List your transfers, newest first."""
    _list(limit, as_json=as_json)


@app.command()
@command
def show(transfer_id: TransferId, *, as_json: AsJson = False) -> None:
    """Show one with its items, and whether its source may be deleted."""
    _do_and_show(Action(), transfer_id, as_json=as_json)


@app.command()
@command
def cancel(transfer_id: TransferId, item: Item = "", *, as_json: AsJson = False) -> None:
    """Stop it for good."""
    _do_and_show(Action(cancel=True, item=item), transfer_id, as_json=as_json)


@app.command()
@command
def retry(
    transfer_id: TransferId,
    item: Item = "",
    to: Annotated[str, typer.Option(help="Import into another target.")] = "",
    *,
    group: Annotated[str, typer.Option(help="Only look there, and make a target there.")] = "",
    create: Create = False,
    as_json: AsJson = False,
) -> None:
    """Let its failed items go on."""
    if group and not to:
        raise Invalid("--group says where --to is looked for. Name a target with --to.")
    request = Action(retry=True, to=to, group=group, create=create, item=item)
    _do_and_show(request, transfer_id, as_json=as_json)


@app.command(FORMER, hidden=True)
@command
def former(  # noqa: PLR0913 - each is an option of the command line
    transfer_id: Annotated[str, typer.Argument()] = "",
    limit: Limit = 20,
    *,
    cancel: Annotated[bool, typer.Option("--cancel")] = False,
    retry: Annotated[bool, typer.Option("--retry")] = False,
    to: Annotated[str, typer.Option()] = "",
    item: Item = "",
    create: Create = False,
    as_json: AsJson = False,
) -> None:
    """Do what 'transfers [ID] [--cancel|--retry]' did; goes with the next release."""
    request = Action(cancel=cancel, retry=retry, to=to, create=create, item=item)
    if request.is_something and not transfer_id:
        raise Invalid("Say which transfer: give its id.")
    echo_new_form("transfers", request.new_form(transfer_id))
    if transfer_id:
        _do_and_show(request, transfer_id, as_json=as_json)
    else:
        _list(limit, as_json=as_json)


def _list(limit: int, *, as_json: bool) -> None:
    async def work() -> None:
        async with signed_in.server_client() as (server, _):
            page = await server.transfers(limit=limit)
        show_json(page.items) if as_json else show_transfers(page.items)

    asyncio.run(work())


def _do_and_show(request: Action, transfer_id: str, *, as_json: bool) -> None:
    async def work() -> None:
        async with signed_in.server_client() as (server, _):
            await request.do(server, transfer_id)
            details = await following.scanned_at(server, transfer_id)
            placements = await placements_of(server, details)
            brought_to = details.transfer.brought_to
            brought = await server.brought(transfer_id) if brought_to else []
        if as_json:
            show_json(
                {
                    "transfer": details.transfer,
                    "items": details.items,
                    "files": details.files,
                    "left_out": details.left_out,
                    "image_pages": pages_of(details),
                    "brought": brought,
                }
            )
        else:
            show_details(details, placements)

    asyncio.run(work())


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is to be done to a transfer before it is shown."""

    cancel: bool = False
    retry: bool = False
    to: str = ""
    group: str = ""
    create: bool = False
    item: str = ""

    @property
    def is_something(self) -> bool:
        """Whether it names a transfer's change, or an item."""
        return self.cancel or self.retry or bool(self.to or self.item)

    def new_form(self, transfer_id: str) -> str:
        """Return the sub-command that wishes the same."""
        if not transfer_id:
            return "list"
        item = ["--item", self.item] if self.item else []
        forms = []
        if self.cancel:
            forms.append(["cancel", transfer_id, *item])
        if self.retry or self.to:
            target = ["--to", self.to] if self.to else []
            make = ["--create"] if self.create else []
            forms.append(["retry", transfer_id, *item, *target, *make])
        return "' and 'transferapp transfers ".join(
            shlex.join(form) for form in forms or [["show", transfer_id]]
        )

    async def do(self, server: ServerClient, transfer_id: str) -> None:
        """Do it; the agent is told too, because it may hold the files."""
        details = await server.transfer(transfer_id)
        item_id = _item_id(details, self.item) if self.item else None
        if self.cancel:
            if all(item.state in ENDED_STATES for item in details.items):
                echo("Nothing of it is under way any more, so nothing is cancelled.")
            details = await server.cancel(transfer_id, item_id)
            if item_id is None:  # Of single items the service hears from the server.
                async with _agent_of(transfer_id) as agent:
                    await agent.cancel(transfer_id)
        if self.retry and item_id is not None:
            check_can_retry(details, item_id)
        if self.to:
            # Known before a target is made: it would stay, empty.
            check_can_retarget(details)
            transfer = details.transfer
            target = await targets.find_target(
                server,
                self.to,
                create=self.create,
                group=self.group,
                # Of an import for another person that person's rights count.
                owner=transfer.owner if transfer.asked_by else "",
                only_in=transfer.group_id,
            )
            await server.retarget(transfer_id, target.ref)
        if self.retry:
            if not any(item.state in RETRY.start for item in details.items):
                echo("Nothing of it has failed or waits for you, so nothing is tried again.")
            with suppress(*NOT_IN_ITS_HANDS):
                async with wiring.agent_client() as agent:
                    await agent.send_changed_anew(transfer_id, item_id or "")
            await server.retry(transfer_id, item_id)
            async with _agent_of(transfer_id) as agent:
                await agent.retry(transfer_id)


def _item_id(details: TransferDetails, wanted: str) -> str:
    """Find an item by its name or id; raises Invalid."""
    found = [item.id for item in details.items if wanted in (item.id, item.name)]
    if len(found) != 1:
        which = "Several items are" if found else "No item is"
        raise Invalid(f"{which} called '{wanted}'. Take its name, or its id from --json.")
    return found[0]


@asynccontextmanager
async def _agent_of(transfer_id: str) -> AsyncIterator[AgentClient]:
    """This computer's agent; that it does not have the transfer, or is not there, is fine."""
    async with wiring.agent_client() as agent:
        try:
            yield agent
        except (AgentUnreachable, NotFound, StateConflict):
            echo(f"{transfer_id} is not in the hands of this computer's workstation service.")
