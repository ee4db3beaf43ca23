"""Receipts: save them, verify them offline, ask whether all is still held, and what may go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from transferapp.agent.settings import AgentSettings
from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import (
    ExitCode,
    command,
    echo,
    show_json,
    show_lines,
    show_table,
    warn,
)
from transferapp.cli.receipt_texts import (
    checked_text,
    compared_text,
    coverage_lines,
    statement,
)
from transferapp.client.covered_folders import (
    FolderCoverage,
    HoldingByFile,
    ReceiptIndex,
    coverage,
)
from transferapp.client.receipt_compare import ComparedFile, Found, compare
from transferapp.client.receipt_files import (
    ReceiptOnDisk,
    read_receipt,
    read_receipts,
)
from transferapp.client.receipt_saving import read_content, receipt_name, save_receipt
from transferapp.client.receipts import keep_keys
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.protocol.receipts import FileHolding, Holding
from transferapp.receipts.known_keys import KnownKey, KnownKeys, keys_in_file

app = typer.Typer(help="Receipts: signed documents of what was verified of a transfer.")

ReceiptFile = Annotated[
    Path, typer.Argument(metavar="FILE", parser=given_path, help="A receipt that was saved.")
]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="FILE",
        parser=given_path,
        help="Count only on these public keys: a JWK Set, of /.well-known/jwks.json.",
    ),
]
Deep = Annotated[
    bool,
    typer.Option(
        "--deep", help="The server reads and hashes every byte, which takes as long as that."
    ),
]


@app.command()
@command
def save(
    transfer_id: Annotated[str, typer.Argument(help="As 'transfers list' shows it.")],
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=given_path, help="By default receipt-ID.jws in this folder."
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Save the receipt of a transfer: what of it was verified, with each file's hash."""

    async def work() -> None:
        async with signed_in.server_client() as (server, _):
            content = await server.receipt(transfer_id)
            await keep_keys(server)
        place = to or Path(receipt_name(transfer_id))
        path = await asyncio.to_thread(save_receipt, place, content)
        show_json({"receipt": path}) if as_json else echo(f"Saved as {path}.")

    asyncio.run(work())


@app.command()
@command
def verify(
    file: ReceiptFile,
    files: Annotated[
        Path | None,
        typer.Option(
            "--files",
            metavar="FOLDER",
            parser=given_path,
            help="Compare what lies there, too: the folder that was imported, or exported to.",
        ),
    ] = None,
    keys: KeysFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check a receipt's signature, and files on this computer against it; needs no server."""
    found = read_receipt(file, _keys(keys))
    compared: list[ComparedFile] | None = None
    if files is not None:
        _check_is_folder(files)
        compared = list(compare(found.receipt, files))
    if as_json:
        key = {"id": found.key.id, "whose": found.key.whose}
        show_json({"receipt": found.receipt, "key": key, "files": compared})
    else:
        show_table(("", ""), statement(found))
        if compared is not None:
            for one in compared:
                if one.found is not Found.SAME:
                    warn(one.sentence)
            echo(compared_text(compared))
    if any(one.found is not Found.SAME for one in compared or ()):
        raise typer.Exit(ExitCode.SOME_FAILED)


@app.command()
@command
def check(file: ReceiptFile, *, deep: Deep = False, as_json: AsJson = False) -> None:
    """Ask the server whether the repository still holds the files of a receipt."""

    async def work() -> list[FileHolding]:
        async with signed_in.server_client() as (server, _):
            return list(
                (await _holding_by_file(server, read_content(file), deep=deep)).values()
            )

    found = asyncio.run(work())
    if as_json:
        show_json({"files": found, "deep": deep})
    else:
        for one in found:
            if one.holding is not Holding.HELD:
                warn(one.sentence)
        echo(checked_text(found, deep=deep))
    if any(one.holding is not Holding.HELD for one in found):
        raise typer.Exit(ExitCode.SOME_FAILED)


@app.command()
@command
def covered(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", parser=given_path, help="Folders.")
    ],
    receipts: Annotated[
        list[Path] | None,
        typer.Option(
            "--receipts",
            metavar="FOLDER",
            parser=given_path,
            help="Also count on receipts that were saved there.",
        ),
    ] = None,
    keys: KeysFile = None,
    *,
    deep: Deep = False,
    as_json: AsJson = False,
) -> None:
    """Say which folders hold nothing but what receipts prove and the repository still holds.

    Every file that may be covered is read. Nothing is deleted.
    """
    for folder in folders:
        _check_is_folder(folder)
    places = [AgentSettings().receipts, *(receipts or ())]
    found, refused = read_receipts(places, _keys(keys))
    for one in refused:
        warn(f"Not counted on: '{one.path}'. {one.sentence}")

    found_here = asyncio.run(_coverage(folders, ReceiptIndex(found), deep=deep))
    if as_json:
        show_json({"folders": found_here, "receipts": len(found), "deep": deep})
    else:
        show_lines(line for one in found_here for line in coverage_lines(one))
        echo("Nothing was deleted.")
    if not all(one.covered for one in found_here):
        raise typer.Exit(ExitCode.SOME_FAILED)


@app.command("new-key")
@command
def new_key(*, as_json: AsJson = False) -> None:
    """On the server's host: sign with a new key from now on. What was signed stays valid."""
    # Both are of the server, whose packages other computers need not have.
    from transferapp.receipts.key_file import change_key  # noqa: PLC0415
    from transferapp.server.settings import ServerSettings  # noqa: PLC0415

    path = ServerSettings().receipt_keys_file
    if not path.exists():
        raise Invalid(f"There is no '{path}'. Run this where the server keeps its data.")
    key_id = change_key(path)
    if as_json:
        show_json({"key": key_id})
    else:
        echo(f"Receipts are signed with the key {key_id} from now on.")


async def _coverage(
    folders: list[Path], receipts: ReceiptIndex, *, deep: bool
) -> list[FolderCoverage]:
    async with signed_in.server_client() as (server, _):

        async def ask(receipt: ReceiptOnDisk) -> HoldingByFile:
            return await _holding_by_file(server, receipt.content, deep=deep)

        return await coverage(folders, receipts, ask)


def _check_is_folder(path: Path) -> None:
    if not path.is_dir():
        raise Invalid(f"'{path}' is no folder. Name one that is here.")


def _keys(given: Path | None) -> Sequence[KnownKey]:
    if given is not None:
        return keys_in_file(given)
    return [*KnownKeys().all(), *KnownKeys(AgentSettings().receipt_keys).all()]


async def _holding_by_file(
    server: ServerClient, content: bytes, *, deep: bool
) -> dict[tuple[str, str], FileHolding]:
    found: dict[tuple[str, str], FileHolding] = {}
    async for line in server.check_receipt(content, deep=deep):
        if line.file is not None:
            found[line.file.item_id, line.file.path] = line.file
    return found
