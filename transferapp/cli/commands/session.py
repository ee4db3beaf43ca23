"""Sign in and out for scripts."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from pydantic import SecretStr

from transferapp.cli import signed_in
from transferapp.cli.commands.people import PasswordFromStdin, read_password
from transferapp.cli.output import command, echo, show_json
from transferapp.client.receipts import keep_keys
from transferapp.client.server import ServerClient
from transferapp.protocol.addresses import check_address

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@command
def login(
    url: Annotated[str, typer.Argument(help="The server, e.g. http://127.0.0.1:8470")],
    user: Annotated[str, typer.Option("--user", "-u", help="Your user name.")],
    *,
    in_file: Annotated[
        bool,
        typer.Option(
            "--in-file", help="Keep the session in a private file: for servers without keyring."
        ),
    ] = False,
    password_stdin: PasswordFromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Sign in; the session lasts 30 days, the password is not kept."""
    check_address(url)
    password = read_password(from_stdin=password_stdin)

    async def work() -> None:
        async with ServerClient(url) as client:
            opened = await client.sign_in(user, password, remember=True)
            await signed_in.remember(
                client.base_url, user, SecretStr(opened.token), in_file=in_file
            )
            await keep_keys(client)
            if as_json:
                show_json({"server": client.base_url, "identity": opened.identity})
            else:
                echo(f"Signed in as {opened.identity.experimenter.full_name}.")

    asyncio.run(work())


@command
def logout() -> None:
    """End the session here and on the server; running transfers go on."""

    async def work() -> None:
        try:
            async with signed_in.server_client() as (client, _):
                await client.sign_out()
        finally:
            await signed_in.forget()

    asyncio.run(work())
    echo("Signed out.")
