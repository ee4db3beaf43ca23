"""A command imports what it needs, and the list of commands is complete."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from transferapp.cli.lazy import CommandEntry
from transferapp.cli.main import COMMANDS, app

#: Each takes a tenth of a second and more of every start.
SLOW = {"numpy", "tifffile", "httpx", "pydantic", "structlog", "rich", "keyring", "sqlalchemy"}


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_is_where_it_is_stated_to_be(entry: CommandEntry) -> None:
    group = typer.main.get_group(app)
    command = group.get_command(typer.Context(group), entry.name)
    assert command is not None
    assert command.name == entry.name
    assert command.get_short_help_str()


def test_the_version_is_reported_without_what_commands_need() -> None:
    code = (
        "import sys; sys.argv = ['transferapp', '--version']\n"
        "from transferapp.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    version, modules = done.stdout.splitlines()
    assert version.startswith("transferapp ")
    assert not SLOW & set(modules.split())
