"""What was attached to a dataset, screen or image, and copies of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import humanize
import typer

from transferapp.cli import linking, signed_in, targets
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import command, echo, show_json, show_table
from transferapp.client.attachments import AttachmentsClient
from transferapp.model.attachments import Attachment


@command
def attachments(
    container: Annotated[
        str, typer.Argument(help="Dataset:12, Dataset:NAME, Screen:NAME, Image:12")
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FOLDER",
            help="Save them below this folder; none is replaced.",
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the files that were attached to a dataset, screen or image, or save them."""
    image_id = linking.image_id_of(container) if _is_image(container) else None
    if image_id is None:
        targets.check_target(container)

    async def work() -> tuple[list[Attachment], list[Path]]:
        async with (
            signed_in.server_client() as (server, _),
            AttachmentsClient(server.base_url, server.token) as client,
        ):
            if image_id is not None:
                found = await client.image_attachments(image_id)
            else:
                find = targets.find_target
                target = await find(server, container, create=False, source=True)
                found = await client.attachments(target.ref)
            saved = await client.save_attachments(found, to.absolute()) if to else []
            return found, saved

    found, saved = asyncio.run(work())
    if as_json:
        show_json(found)
        return
    rows = [
        (str(one.id), one.client_path, humanize.naturalsize(one.size_bytes), one.owner)
        for one in found
    ]
    show_table(("", "File", "Size", "Owner"), rows)
    if to:
        count = len(saved)
        echo(f"{count:,} {'file is' if count == 1 else 'files are'} in {to}, verified.")


def _is_image(text: str) -> bool:
    return text.partition(":")[0].lower() == "image"
