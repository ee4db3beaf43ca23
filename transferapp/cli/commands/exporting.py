"""Images out of the repository, in the background: the files they came from, or other forms."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from transferapp.cli import cutting, following, signed_in, targets, wiring
from transferapp.cli.commands.handing_over import Follow, Wait, conclude
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import ExitCode, command, echo, show_json, warn
from transferapp.cli.transfer_tables import placements_of
from transferapp.client.export_summary_texts import amount_text, is_whole, notes
from transferapp.client.importing import ExportPlan, export_request, hand_over_export
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.model.containers import ContainerKind, ContainerRef, is_id
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import TransferDetails
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import PlacementView


@command
def export_images(  # noqa: PLR0913 - each is an option of the command line
    sources: Annotated[
        list[str],
        typer.Argument(help="Image:12 Dataset:5 Dataset:NAME PROJECT/DATASET Project:3 ..."),
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            parser=given_path, metavar="FOLDER", help="The folder that the files go to."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="What to call this export.")] = "",
    form: cutting.Form = ExportForm.ORIGINALS,
    *,
    level: cutting.Level = 0,
    region: cutting.Region = "",
    z: cutting.Planes = "",
    t: cutting.TimePoints = "",
    channel: cutting.Channels = None,
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
    """Export images, or all of datasets, into a folder, in the background."""
    spec = cutting.spec_given(form, level, region, z, t, channel)
    images = tuple(image_id for text in sources if (image_id := _image_id(text)) is not None)
    others = [text for text in sources if _image_id(text) is None]
    if to is None and not dry_run:
        raise typer.BadParameter("Name the folder that the files go to.", param_hint="--to")
    destination = _folder(to) if to else Path()

    async def planned(server: ServerClient) -> ExportPlan:
        return ExportPlan(
            name=name or _title(images, others),
            image_ids=images,
            destination=destination,
            containers=tuple([await _container(server, text) for text in others]),
            spec=spec,
        )

    async def summarize() -> ExportSummary:
        async with signed_in.server_client() as (server, _):
            return await server.export_summary(export_request(await planned(server)))

    async def work() -> tuple[TransferDetails, list[PlacementView]]:
        async with signed_in.server_client() as (server, who):
            plan = await planned(server)
            async with wiring.agent_client() as agent:
                view = await hand_over_export(server, agent, plan, owner=who.username)
            details = await following.follow(
                server, view.transfer_id, wait=wait or follow, as_lines=as_json and follow
            )
            return details, await placements_of(details)

    if dry_run:
        _show_summary(asyncio.run(summarize()), as_json=as_json)
        return
    details, placements = asyncio.run(work())
    conclude(details, as_json=as_json, as_line=follow, placements=placements)


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
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"'{folder}' is not a folder. Name a folder with --to.")
    return folder


def _image_id(text: str) -> int | None:
    """Return the id where an image is named; raises Invalid for ``Image:`` without one."""
    kind, _, number = text.rpartition(":")
    if kind.lower() not in {"", "image"} or "/" in text:
        return None
    if not is_id(number):
        raise Invalid(
            f"'{text}' is neither an image nor a container. Write it like Image:12, Dataset:5,"
            " Dataset:NAME or PROJECT/DATASET."
        )
    return int(number)


async def _container(server: ServerClient, text: str) -> ContainerRef:
    """Return the container of an id of any kind, or of a name; raises Invalid and
    TargetNotFound.
    """
    kind, _, number = text.partition(":")
    if is_id(number) and kind.capitalize() in set(map(str, ContainerKind)):
        return ContainerRef.parse(text)
    return (await targets.find_target(server, text, create=False)).ref


def _title(images: tuple[int, ...], others: list[str]) -> str:
    parts = [f"{len(images)} {'image' if len(images) == 1 else 'images'}"] if images else []
    return f"Export of {', '.join([*parts, *others])}"[:200]
