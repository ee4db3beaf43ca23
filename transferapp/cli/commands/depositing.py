"""``transferapp deposit``: an export as archives of research data take it; offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import command, echo, show_json, warn
from transferapp.errors import SettingsInvalid


@command
def deposit(  # noqa: PLR0913 - one for each option
    manifest: Annotated[
        Path,
        typer.Argument(
            parser=given_path, help="NAME.manifest.json, which lies beside what was exported."
        ),
    ],
    to: Annotated[Path, typer.Option("--to", parser=given_path, help="The folder to make.")],
    licence: Annotated[
        str,
        typer.Option(
            metavar="URL|SPDX-ID",
            help="A licence for the crate, like CC-BY-4.0, or its address.",
        ),
    ] = "",
    *,
    bag: Annotated[bool, typer.Option("--bag", help="Make a bag (BagIt).")] = False,
    crate: Annotated[bool, typer.Option("--crate", help="Describe it as an RO-Crate.")] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the files instead of linking them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a bag (BagIt) or an RO-Crate, or both, of an export that is on this computer.

    Every file is read and compared with what was exported. The export stays as it is.
    """
    try:
        from transferapp.deposit.making import Deposit, make_deposit  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        raise SettingsInvalid(
            f"This needs the extra 'deposit' ({missing.name} is not installed). Install it"
            " with: pip install 'transferapp[deposit]'"
        ) from missing
    source = make_deposit(
        manifest, to, Deposit(bag=bag, crate=crate, copy=copy, licence=licence)
    )
    count = sum(1 for _ in source.files)
    not_come = sum(1 for item in source.items if not item.files)
    if not_come:
        warn(f"{not_come:,} items of the export have not come and are not in it.")
    if as_json:
        made = {"folder": str(to.absolute()), "files": count, "items_missing": not_come}
        show_json({**made, "bag": bag, "crate": crate})
        return
    echo(f"{count:,} files of '{source.transfer.name}' are in {to.absolute()}, all checked.")
