"""``transferapp scan``: what an import would make of files; nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from transferapp.cli import scanned, signed_in, wiring
from transferapp.cli.alike import ListedFileset, together
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import ExitCode, command, echo, show_json, show_table
from transferapp.client.dropping import others_text
from transferapp.client.server import ServerClient
from transferapp.client.target_formats import COMMANDS_PATIENCE_S, KeptFormats, ask_formats
from transferapp.errors import Denied, Invalid, ServerUnreachable
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.intake.preflight import PreflightSettings, Severity
from transferapp.protocol.addresses import check_address

_WITHOUT_SERVER: dict[str, Callable[[], RepositoryFormats]] = {
    "omero": omero_formats,
    "local": embedded_formats,
}


@command
def scan(
    # Not checked by typer: preflight names what is wrong, and what to do.
    paths: Annotated[list[Path], typer.Argument(parser=given_path, help="Files and folders.")],
    reads: Annotated[
        str,
        typer.Option(
            metavar="omero|local|SERVER",
            help="Whose readers count; by default those of the server that you use.",
        ),
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show what an import would make of files and folders. Nothing is sent."""
    target = asyncio.run(_target(reads))
    with wiring.bio_formats_here() as opens:
        found = scanned.scan(paths, PreflightSettings(target=target, opens=opens))
    if as_json:
        show_json(found)
    else:
        echo(f"By the readers of: {target.whose}.")
        if target.derived:
            echo(target.derived)
        _show(found)
    if any(one.verdict is Severity.BLOCKED for one in found.filesets):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _show(found: scanned.Scanned) -> None:
    lines = together([_line(one) for one in found.filesets])
    rows = [(one.name, one.cells[0], one.files, *one.cells[1:], one.sentence) for one in lines]
    show_table(("Fileset", "Format", "Files", "", "Verdict", ""), rows)
    if text := others_text(len(found.others)):
        echo(text)


def _line(one: scanned.ScannedFileset) -> ListedFileset:
    return ListedFileset(
        one.name,
        one.sentence,
        len(one.files),
        (one.format, "plate" if one.plate else "", one.verdict),
        alone=one.verdict is not Severity.WARNING,
    )


async def _target(reads: str) -> RepositoryFormats:
    """Return what is read there; raises Invalid, ServerUnreachable."""
    if reads.lower() in _WITHOUT_SERVER:
        return _WITHOUT_SERVER[reads.lower()]()
    if not reads:
        with suppress(Denied):  # Nobody is signed in.
            return await _of_server(signed_in.session().server_url) or embedded_formats()
        return embedded_formats()
    check_address(reads)
    if not reads.startswith(("http://", "https://")):
        raise Invalid(
            f"'{reads}' is no server. Write --reads omero, --reads local, or an address such"
            " as https://transfer.example.org."
        )
    target = await _of_server(reads)
    if target is None:
        raise ServerUnreachable(
            f"{reads} does not say what it reads, and has not before. Try again later, or"
            " write --reads omero or --reads local."
        )
    return target


async def _of_server(url: str) -> RepositoryFormats | None:
    async with ServerClient(url) as server:
        return await ask_formats(server, KeptFormats(), COMMANDS_PATIENCE_S)
