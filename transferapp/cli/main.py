"""``transferapp ...``: the processes, and the main job for scripts and servers."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

import transferapp
from transferapp.cli.commands import (
    attachments,
    commands,
    doctor,
    inbox,
    notifications,
    omero,
    people,
    processes,
    queue,
    scan,
    session,
    transfers,
)
from transferapp.host.logging import configure_logging, log_the_end

app = typer.Typer(
    help="Imports to and exports from image repositories, outside login.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, show: bool) -> None:
    if show:
        typer.echo(f"transferapp {transferapp.__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that all commands share."""


app.command()(processes.server)
app.command()(processes.worker)
app.command()(processes.agent)
app.command()(processes.desktop)
#: These have command lines of their own.
PASSED_ON = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
app.command(context_settings=PASSED_ON)(processes.demo)
app.command("omero-sandbox", context_settings=PASSED_ON)(processes.omero_sandbox)
app.command()(session.login)
app.command()(session.logout)
app.command()(scan.scan)
app.command("import")(transfers.import_files)
app.command("export")(transfers.export_images)
app.command("transfers")(transfers.list_transfers)
app.command()(attachments.attachments)
app.command()(inbox.inbox)
app.command()(doctor.doctor)
app.add_typer(notifications.app, name="notifications")
app.add_typer(people.app, name="people")
app.add_typer(queue.app, name="queue")
app.add_typer(commands.app, name="commands")
app.add_typer(omero.app, name="omero")


def main() -> None:
    """Run the command line; a defect is told without the values that it met."""
    configure_logging("cli", level=logging.WARNING, private=False)
    try:
        app()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and ends this
        log_the_end(error)
        sys.exit(1)
