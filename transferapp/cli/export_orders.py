"""Ask for an export, whatever it is of: where it goes, what it would be, who brings it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import humanize
import typer

from transferapp.cli import wiring
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import ExitCode, echo, show_json, warn
from transferapp.client.export_summary_texts import amount_text, is_whole, notes
from transferapp.client.importing import ExportPlan, ask_for_place, hand_over_export
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.protocol.export_summaries import ExportSummary

#: A drive of Windows has one letter; ``./cluster:`` is a folder here.
_PLACE = re.compile(r"[a-z][a-z0-9-]{1,30}:")

To = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER|PLACE:[FOLDER]",
        help="The folder here that the files go to, or a place of the facility:"
        " 'transferapp places' lists them.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Only say how much it is, and what would not come; no --to needed.",
    ),
]


@dataclass(frozen=True, slots=True)
class Whereto:
    """Where an export goes: a place of the facility, or a folder here."""

    place: str = ""
    folder: Path = Path()


def whereto(to: str | None, *, dry_run: bool) -> Whereto:
    """Return what ``--to`` names; raises Invalid for what is no folder."""
    if to is None:
        if dry_run:
            return Whereto()
        raise typer.BadParameter("Name the folder that the files go to.", param_hint="--to")
    return Whereto(place=to) if _PLACE.match(to) else Whereto(folder=_folder(given_path(to)))


async def ask_for_export(server: ServerClient, plan: ExportPlan, username: str) -> str:
    """Ask for an export, and where it goes to this computer give it to the agent; returns the
    transfer's id.
    """
    if plan.to:
        return (await ask_for_place(server, plan)).transfer.id
    async with wiring.agent_client() as agent:
        return (await hand_over_export(server, agent, plan, owner=username)).transfer_id


def show_summary(
    summary: ExportSummary, *, as_json: bool, is_archive: bool = False, is_list: bool = False
) -> None:
    """Show what would come, and end by what would not."""
    if as_json:
        show_json(summary)
    else:
        echo(amount_text(summary) + ". Nothing was queued.")
        for sentence in notes(summary, is_archive=is_archive, is_list=is_list):
            warn(sentence)
    if summary.refused:
        raise typer.Exit(ExitCode.PROBLEM)
    if not is_whole(summary, is_archive=is_archive):
        raise typer.Exit(ExitCode.SOME_FAILED)


def warn_of_small_disk(summary: ExportSummary, goes: Whereto) -> None:
    """Warn where the disk here has not room for what would come."""
    folder = goes.folder
    there = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
    if goes.place or there is None or folder == Path():
        return
    free = shutil.disk_usage(there).free
    if free < summary.size_bytes:
        least = "" if summary.complete else "at least "
        warn(
            f"The disk of {folder} has {humanize.naturalsize(free)} free, and this is {least}"
            f"{humanize.naturalsize(summary.size_bytes)}"
            f"{' before compression' if summary.estimated else ''}. Free space, or name another"
            " folder with --to."
        )


def _folder(given: Path) -> Path:
    folder = given.resolve()
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if there.exists() and not there.is_dir():
        raise Invalid(f"'{there}' is not a folder. Name a folder with --to.")
    return folder
