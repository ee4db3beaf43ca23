"""Archives: everything that one person owns, with its description: made, verified, restored."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import humanize
import typer

from transferapp.archive.lines import ARCHIVE_NAME
from transferapp.archive.verifying import Verified, verify_archive
from transferapp.cli import export_orders, following, signed_in
from transferapp.cli.commands import archive_restoring
from transferapp.cli.commands.handing_over import Wait, conclude
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import ExitCode, command, echo, show_json, warn
from transferapp.cli.transfer_tables import placements_of
from transferapp.client.importing import ExportPlan, export_request
from transferapp.model.transfers import TransferDetails
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import PlacementView

app = typer.Typer(
    help="Archives: all that a person owns, with a description: made, verified, restored."
)
app.command("restore")(archive_restoring.restore)
app.command("id-map")(archive_restoring.write_id_map)

#: Seconds between two lines about how far it is.
_REPORTED_EVERY_S = 15.0
#: So many are told one by one.
_SHOWN = 20
_NO_MANIFEST = (
    "A place gets no manifest, and 'archive verify' and 'archive restore' need one. An archive"
    " that is to be verified or restored goes into a folder of this computer."
)


@app.command()
@command
def make(
    to: export_orders.To = None,
    of: Annotated[
        str,
        typer.Option(
            "--of",
            metavar="USERNAME",
            help="Whose data; of others only administrators may. By default your own.",
        ),
    ] = "",
    name: Annotated[str, typer.Option(help="What to call this export.")] = "",
    *,
    dry_run: export_orders.DryRun = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Export all that a person owns, with 'archive.jsonl', which describes it, in the
    background.
    """
    goes = export_orders.whereto(to, dry_run=dry_run)
    if goes.place:
        warn(_NO_MANIFEST)

    def planned(username: str) -> ExportPlan:
        owner = of or username
        return ExportPlan(
            name=name or f"Archive of {owner}",
            image_ids=(),
            destination=goes.folder,
            to=goes.place,
            archive_of=owner,
        )

    async def summarize() -> ExportSummary:
        async with signed_in.server_client() as (server, who):
            return await server.export_summary(export_request(planned(who.username)))

    async def work() -> tuple[TransferDetails, list[PlacementView]]:
        async with signed_in.server_client() as (server, who):
            plan = planned(who.username)
            transfer_id = await export_orders.ask_for_export(server, plan, who.username)
            details = await following.follow(server, transfer_id, wait=wait)
            if wait and not goes.place:
                await following.manifest_written(details)
            return details, await placements_of(server, details)

    if dry_run:
        found = asyncio.run(summarize())
        export_orders.warn_of_small_disk(found, goes)
        export_orders.show_summary(found, as_json=as_json, is_archive=True)
        return
    details, placements = asyncio.run(work())
    if count := sum(len(item.image_ids) for item in details.items if item.describes):
        have = "1 image has" if count == 1 else f"{count:,} images have"
        warn(f"{have} no original files: '{ARCHIVE_NAME}' describes them.")
    conclude(details, as_json=as_json, as_line=False, placements=placements)


@app.command()
@command
def verify(
    manifest: Annotated[
        Path,
        typer.Argument(
            parser=given_path, help="NAME.manifest.json, which lies beside what was archived."
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Read every file of an archive, offline, and name each thing that is wrong with it."""
    found = verify_archive(manifest, _Progress().reading)
    if as_json:
        show_json(found)
    else:
        echo(_stated(found))
        for sentence in _lacking(found):
            echo(sentence)
        for problem in found.problems:
            warn(f"{problem.path}: {problem.message}" if problem.path else problem.message)
    if found.problems:
        raise typer.Exit(ExitCode.SOME_FAILED)


class _Progress:
    """Says now and then how much was read."""

    def __init__(self) -> None:
        self._bytes, self._next_s = 0, time.monotonic() + _REPORTED_EVERY_S

    def reading(self, path: str, size_bytes: int) -> None:
        """Say it, where it is time."""
        if time.monotonic() >= self._next_s:
            echo(f"{humanize.naturalsize(self._bytes)} are read, next '{path}'.")
            self._next_s = time.monotonic() + _REPORTED_EVERY_S
        self._bytes += size_bytes


def _stated(found: Verified) -> str:
    size = humanize.naturalsize(found.size_bytes)
    were = "was" if found.files == 1 else "were"
    counted = f"{_counted(found.files, 'file')} with {size} {were} read"
    if found.images or found.containers or not found.problems:
        counted += (
            f"; {_counted(found.containers, 'container')} and"
            f" {_counted(found.images, 'image')} are described"
        )
    counted += "."
    if not found.problems:
        return f"{counted} All is as it was archived."
    count = len(found.problems)
    return f"{counted} {count:,} {'thing is' if count == 1 else 'things are'} wrong:"


def _lacking(found: Verified) -> list[str]:
    """Say what the archive never had."""
    stated = {
        "without original files: only described": found.without_originals,
        "not described, or not wholly": found.not_described,
        "with more ROIs, or others, than an archive takes": found.with_rois_left_out,
    }
    counted = [f"{_counted(count, 'image')} {text}." for text, count in stated.items() if count]
    more = len(found.incomplete) - _SHOWN
    return [
        *counted,
        *found.incomplete[:_SHOWN],
        *([f"And {more:,} more that are not wholly described."] if more > 0 else ()),
    ]


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
