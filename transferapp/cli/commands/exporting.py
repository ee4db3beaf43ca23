"""Images out of the repository, in the background: the files they came from, or other forms."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

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
from transferapp.client.path_lists import PathFiles, write_paths
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import TransferDetails
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import PlacementView

#: No place: a list of where the files lie.
_LIST = "paths:"
#: A drive of Windows has one letter; ``./cluster:`` is a folder here.
_PLACE = re.compile(r"[a-z][a-z0-9-]{1,30}:")


@command
def export_images(  # noqa: PLR0913 - each is an option of the command line
    sources: selecting.Sources = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|PLACE:[FOLDER]|paths:FILE",
            help="The folder here that the files go to, or a place of the facility:"
            " 'transferapp places' lists them. 'paths:FILE' copies nothing: FILE.json and"
            " FILE.csv say where the original files lie, for who mounts the storage.",
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
    where = _where(to, form, needed=not dry_run)

    async def planned(server: ServerClient) -> ExportPlan:
        named = [await selecting.container_named(server, one) for one in chosen.containers]
        return ExportPlan(
            name=name or chosen.title,
            image_ids=chosen.image_ids,
            destination=where.folder,
            containers=tuple(named),
            wells=chosen.wells,
            tags=chosen.tags,
            text=chosen.text,
            skip_missing=skip_missing,
            to=where.place,
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
            if (wait or follow) and not where.place:
                await following.manifest_written(details)
            return details, await placements_of(server, details)

    async def list_paths(file: Path) -> PathFiles:
        async with signed_in.server_client() as (server, _):
            plan = await planned(server)
            rows = server.paths(export_request(plan))
            return await write_paths(file, server.base_url, plan.name, rows)

    if dry_run:
        _show_summary(asyncio.run(summarize()), as_json=as_json)
        return
    if where.list_file:
        _show_list(asyncio.run(list_paths(where.list_file)), as_json=as_json)
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


@dataclass(frozen=True, slots=True)
class _Where:
    """Where an export goes: a folder here, a place, or a list of paths in a file (without its
    ending).
    """

    folder: Path = Path()
    place: str = ""
    list_file: Path | None = None


def _where(to: str | None, form: ExportForm, *, needed: bool) -> _Where:
    """Read ``--to``; raises Invalid."""
    if to is None and needed:
        raise typer.BadParameter("Name the folder that the files go to.", param_hint="--to")
    if to is None:
        return _Where()
    if to.startswith(_LIST):
        return _Where(list_file=_list_given(to, form))
    if _PLACE.match(to):
        return _Where(place=to)
    return _Where(_folder(given_path(to)))


def _list_given(to: str, form: ExportForm) -> Path:
    if form.converts:
        raise Invalid("Only original files have paths: leave out --form.")
    if not to.removeprefix(_LIST):
        raise Invalid(f"Name the file after '{_LIST}', for instance {_LIST}monday.")
    path = given_path(to.removeprefix(_LIST))
    return path.with_suffix("") if path.suffix in {".json", ".csv"} else path


def _show_list(found: PathFiles, *, as_json: bool) -> None:
    """Say what was written, and end by what no path leads to."""
    if as_json:
        show_json(found)
    else:
        echo(f"{found.files:,} files are listed in {found.json_file} and {found.csv_file}.")
        if found.without_path:
            warn(f"To {found.without_path:,} of them leads no path; the list says why.")
    if found.without_path:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _folder(given: Path) -> Path:
    folder = given.resolve()
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"'{folder}' is not a folder. Name a folder with --to.")
    return folder
