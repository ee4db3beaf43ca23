"""Images out of the repository, in the background: the files they came from, or other forms."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import humanize
import typer

from transferapp.cli import cutting, following, selecting, signed_in, wiring
from transferapp.cli.commands.handing_over import Follow, Wait, conclude
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import ExitCode, command, echo, show_json, warn
from transferapp.cli.transfer_tables import placements_of
from transferapp.client.export_summary_texts import amount_text, is_whole, notes
from transferapp.client.importing import (
    ExportPlan,
    ask_for_place,
    export_request,
    hand_over_export,
)
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import TransferDetails
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import PlacementView

#: A drive of Windows has one letter; ``./cluster:`` is a folder here.
_PLACE = re.compile(r"[a-z][a-z0-9-]{1,30}:")


@command
def export_images(  # noqa: PLR0913 - each is an option of the command line
    sources: selecting.Sources = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|PLACE:[FOLDER]",
            help="The folder here that the files go to, or a place of the facility:"
            " 'transferapp places' lists them.",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="What to call this export.")] = "",
    form: cutting.Form = ExportForm.ORIGINALS,
    *,
    tag: selecting.Tags = None,
    query: selecting.Query = None,
    list_file: selecting.ListFile = None,
    skip_missing: selecting.SkipMissing = False,
    level: cutting.Level = 0,
    region: cutting.Region = "",
    z: cutting.Planes = "",
    t: cutting.TimePoints = "",
    channel: cutting.Channels = None,
    with_annotations: cutting.WithAnnotations = False,
    layout: cutting.Layout = ExportLayout.TREE,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Only say how much it is, and what would not come; no --to needed.",
        ),
    ] = False,
    wait: Wait = False,
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Export images, or all of a dataset, tag or search, into a folder, in the background."""
    spec = cutting.spec_given(form, level, region, z, t, channel)
    spec = replace(cutting.annotated(spec, wanted=with_annotations), layout=layout)
    chosen = selecting.selected(sources or [], tag or [], query, list_file)
    if to is None and not dry_run:
        raise typer.BadParameter("Name the folder that the files go to.", param_hint="--to")
    place = to if to and _PLACE.match(to) else ""
    destination = Path() if place or to is None else _folder(given_path(to))

    async def planned(server: ServerClient) -> ExportPlan:
        named = [await selecting.container_named(server, one) for one in chosen.containers]
        return ExportPlan(
            name=name or chosen.title,
            image_ids=chosen.image_ids,
            destination=destination,
            containers=tuple(named),
            wells=chosen.wells,
            tags=chosen.tags,
            text=chosen.text,
            skip_missing=skip_missing,
            to=place,
            spec=spec,
        )

    async def summarize() -> ExportSummary:
        async with signed_in.server_client() as (server, _):
            return await server.export_summary(export_request(await planned(server)))

    async def work() -> tuple[TransferDetails, list[PlacementView]]:
        async with signed_in.server_client() as (server, who):
            transfer_id = await _asked_for(server, await planned(server), who.username)
            details = await following.follow(
                server, transfer_id, wait=wait or follow, as_lines=as_json and follow
            )
            if (wait or follow) and not place:
                await following.manifest_written(details)
            return details, await placements_of(server, details)

    if dry_run:
        summary = asyncio.run(summarize())
        here = None if place or to is None else destination
        if here is not None and (text := _disk_text(summary, here)):
            warn(text)
        _show_summary(summary, as_json=as_json)
        return
    details, placements = asyncio.run(work())
    conclude(details, as_json=as_json, as_line=follow, placements=placements)


async def _asked_for(server: ServerClient, plan: ExportPlan, username: str) -> str:
    """Ask for an export, and where it goes to this computer give it to the agent."""
    if plan.to:
        return (await ask_for_place(server, plan)).transfer.id
    async with wiring.agent_client() as agent:
        return (await hand_over_export(server, agent, plan, owner=username)).transfer_id


def _show_summary(summary: ExportSummary, *, as_json: bool) -> None:
    """Show what would come, and end by what would not."""
    if as_json:
        show_json(summary)
    else:
        echo(amount_text(summary) + ". Nothing was queued.")
        for sentence in notes(summary):
            warn(sentence)
    if summary.refused:
        raise typer.Exit(ExitCode.PROBLEM)
    if not is_whole(summary):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _folder(given: Path) -> Path:
    folder = given.resolve()
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if there.exists() and not there.is_dir():
        raise Invalid(f"'{there}' is not a folder. Name a folder with --to.")
    return folder


def _disk_text(summary: ExportSummary, folder: Path) -> str:
    """Say that the disk has not room for what would come; empty where it has."""
    there = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
    if there is None:
        return ""
    free = shutil.disk_usage(there).free
    if free >= summary.size_bytes:
        return ""
    least = "" if summary.complete else "at least "
    return (
        f"The disk of {folder} has {humanize.naturalsize(free)} free, and this is {least}"
        f"{humanize.naturalsize(summary.size_bytes)}"
        f"{' before compression' if summary.estimated else ''}. Free space, or name another"
        " folder with --to."
    )
