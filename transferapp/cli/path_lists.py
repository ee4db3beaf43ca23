"""``--to paths:FILE``: a list of where original files lie, instead of copies of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transferapp.cli import export_orders
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import ExitCode, echo, show_json, warn
from transferapp.client.path_lists import PathFiles, check_paths
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.model.export_specs import ExportForm
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.export_summaries import ExportSummary

#: No place.
_LIST = "paths:"

To = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER|PLACE:[FOLDER]|paths:FILE",
        help="The folder here that the files go to, or a place of the facility:"
        " 'transferapp places' lists them. 'paths:FILE' copies nothing: FILE.json and"
        " FILE.csv say where the original files lie, for who mounts the storage.",
    ),
]


def list_given(to: str | None, form: ExportForm) -> Path | None:
    """Return the file, without its ending, that a list is asked for; None for no list. Raises
    Invalid.
    """
    if to is None or not to.startswith(_LIST):
        return None
    if form.converts:
        raise Invalid("Only original files have paths: leave out --form.")
    if not to.removeprefix(_LIST):
        raise Invalid(f"Name the file after '{_LIST}', for instance {_LIST}monday.")
    path = given_path(to.removeprefix(_LIST))
    return path.with_suffix("") if path.suffix in {".json", ".csv"} else path


def whereto(to: str | None, list_file: Path | None, *, dry_run: bool) -> export_orders.Whereto:
    """Return where the files go; nowhere with a list. Raises Invalid."""
    if list_file is not None:
        return export_orders.Whereto()
    return export_orders.whereto(to, dry_run=dry_run)


async def summary(
    server: ServerClient, request: ExportRequest, list_file: Path | None
) -> ExportSummary:
    """Return what would come, or be listed; raises what a list itself would be refused for."""
    found = await server.export_summary(request)
    if list_file is not None and not found.refused:
        await check_paths(server.paths(request))
    return found


def show_list(found: PathFiles, *, as_json: bool) -> None:
    """Say what was written, and end by what no path leads to."""
    if as_json:
        show_json(found)
    else:
        files = "1 file is" if found.files == 1 else f"{found.files:,} files are"
        echo(f"{files} listed in {found.json_file} and {found.csv_file}.")
        if found.without_path:
            warn(f"To {found.without_path:,} of them leads no path; the list says why.")
    if found.without_path:
        raise typer.Exit(ExitCode.SOME_FAILED)
