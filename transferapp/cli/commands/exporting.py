"""Images out of the repository, in the background: the files they came from, or other forms."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from transferapp.cli import cutting, export_orders, following, path_lists, selecting, signed_in
from transferapp.cli.commands.handing_over import Follow, Wait, conclude
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import command
from transferapp.cli.transfer_tables import placements_of
from transferapp.client.importing import ExportPlan, export_request
from transferapp.client.path_lists import PathFiles, write_paths
from transferapp.client.server import ServerClient
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import TransferDetails
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import PlacementView


@command
def export_images(  # noqa: PLR0913 - each is an option of the command line
    sources: selecting.Sources = None,
    to: path_lists.To = None,
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
    dry_run: export_orders.DryRun = False,
    wait: Wait = False,
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Export images, or all of a dataset, tag or search, into a folder, in the background."""
    spec = cutting.spec_given(form, level, region, z, t, channel)
    spec = replace(cutting.annotated(spec, wanted=with_annotations), layout=layout)
    chosen = selecting.selected(sources or [], tag or [], query, list_file)
    listed = path_lists.list_given(to, form)
    goes = path_lists.whereto(to, listed, dry_run=dry_run)

    async def planned(server: ServerClient) -> ExportPlan:
        named = [await selecting.container_named(server, one) for one in chosen.containers]
        return ExportPlan(
            name=name or chosen.title,
            image_ids=chosen.image_ids,
            destination=goes.folder,
            containers=tuple(named),
            wells=chosen.wells,
            tags=chosen.tags,
            text=chosen.text,
            skip_missing=skip_missing,
            to=goes.place,
            spec=spec,
        )

    async def summarize() -> ExportSummary:
        async with signed_in.server_client() as (server, _):
            request = export_request(await planned(server))
            return await path_lists.summary(server, request, listed)

    async def work() -> tuple[TransferDetails, list[PlacementView]]:
        async with signed_in.server_client() as (server, who):
            plan = await planned(server)
            transfer_id = await export_orders.ask_for_export(server, plan, who.username)
            details = await following.follow(
                server, transfer_id, wait=wait or follow, as_lines=as_json and follow
            )
            if (wait or follow) and not goes.place:
                await following.manifest_written(details)
            return details, await placements_of(server, details)

    async def list_paths(file: Path) -> PathFiles:
        async with signed_in.server_client() as (server, _):
            plan = await planned(server)
            rows = server.paths(export_request(plan))
            return await write_paths(file, server.base_url, plan.name, rows)

    if dry_run:
        found = asyncio.run(summarize())
        export_orders.warn_of_small_disk(found, goes)
        export_orders.show_summary(found, as_json=as_json, is_list=listed is not None)
        return
    if listed is not None:
        path_lists.show_list(asyncio.run(list_paths(listed)), as_json=as_json)
        return
    details, placements = asyncio.run(work())
    conclude(details, as_json=as_json, as_line=follow, placements=placements)
