"""Make people and groups in the embedded repository."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Annotated

import typer

from transferapp.cli import wiring
from transferapp.cli.output import command, echo
from transferapp.errors import Invalid, NameTaken
from transferapp.model.identity import GroupPermissions

app = typer.Typer(help="People and groups of the embedded repository.", no_args_is_help=True)

PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def read_password(*, from_stdin: bool) -> str:
    """Ask for a password, or read one line; never taken from arguments. Raises Invalid for an
    empty one.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = str(typer.prompt("Password", hide_input=True, err=True))
    if not password:
        raise Invalid("The password is empty. Type one, or give it on standard input.")
    return password


@app.command("add")
@command
def add(
    username: str,
    full_name: Annotated[str, typer.Option(help="First and last name.")] = "",
    group: Annotated[str, typer.Option(help="The group to join.")] = "lab",
    permissions: Annotated[
        GroupPermissions, typer.Option(help="Of the group, when it is new.")
    ] = GroupPermissions.READ_ANNOTATE,
    *,
    admin: Annotated[bool, typer.Option("--admin", help="Make an administrator.")] = False,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Make a person, and the group when it is new."""
    password = read_password(from_stdin=password_stdin)

    async def work() -> None:
        people = wiring.local_people()
        with suppress(NameTaken):
            await people.add_group(group, permissions)
        await people.add_experimenter(username, full_name or username, password, is_admin=admin)
        await people.add_member(username, group)

    asyncio.run(work())
    echo(f"{username} can sign in now.")


@app.command("password")
@command
def password(username: str, *, password_stdin: PasswordFromStdin = False) -> None:
    """Set a person's password."""
    new = read_password(from_stdin=password_stdin)
    asyncio.run(wiring.local_people().set_password(username, new))
    echo(f"The password of {username} is changed.")
