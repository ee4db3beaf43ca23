"""An image's address for napari, Fiji, vizarr and other programs that read OME-Zarr."""

from __future__ import annotations

import asyncio
from typing import Annotated

import humanize
import typer

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import command, echo, show_json
from transferapp.client.previews import signed_url
from transferapp.protocol.signed_urls import SignedUrl


@command
def preview_url(
    image: Annotated[int, typer.Argument(min=0, help="The image's number.")],
    minutes: Annotated[
        int | None,
        typer.Option("--minutes", min=1, help="How long it lasts; else as the server is set."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print an address under which napari, Fiji or vizarr open an image, for a while.

    Whoever has the address can see this image, until its end or your logout.
    """

    async def work() -> SignedUrl:
        async with signed_in.server_client() as (server, _):
            return await signed_url(server, image, minutes * 60 if minutes else None)

    signed = asyncio.run(work())
    if as_json:
        show_json(signed)
        return
    typer.echo(signed.url)
    echo(f"It ends {humanize.naturaltime(signed.expires_at)}, or when you sign out.")
