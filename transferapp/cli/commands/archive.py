"""Archives of all that a person owns."""

from __future__ import annotations

import typer

from transferapp.cli.commands import archive_restoring

app = typer.Typer(help="Archives of all that a person owns.")
app.command("restore")(archive_restoring.restore)
app.command("id-map")(archive_restoring.write_id_map)
