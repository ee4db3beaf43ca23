"""A command imports what it needs, and the list of commands is complete."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType

import pytest
import typer
from typer.testing import CliRunner

from transferapp.cli.lazy import CommandEntry
from transferapp.cli.main import COMMANDS, app

#: Each takes a tenth of a second and more of every start.
SLOW = {"numpy", "tifffile", "httpx", "pydantic", "structlog", "rich", "keyring", "sqlalchemy"}
#: Typer draws help with the one, and reads options with the other.
DRAWS_HELP, READS_OPTIONS = {"rich"}, {"pydantic"}
COMMAND_MODULES = {f"transferapp.cli.commands.{entry.module}" for entry in COMMANDS}


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_is_where_it_is_stated_to_be(entry: CommandEntry) -> None:
    group = typer.main.get_group(app)
    _, command, _ = group.resolve_command(typer.Context(group), [entry.name])
    assert command is not None
    assert command.name == entry.name
    assert command.help
    assert command.help.split("\n\n")[0] == entry.summary
    assert not command.hidden
    assert not command.deprecated


def run(
    *arguments: str, variables: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[str], set[str]]:
    """Run the command line; return the lines that it prints, and all modules it imports."""
    code = (
        "import sys; sys.argv[0] = 'transferapp'\n"
        "from transferapp.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    *printed, modules = done.stdout.splitlines()
    return printed, set(modules.split())


def test_the_version_is_reported_without_what_commands_need() -> None:
    printed, modules = run("--version")
    assert printed[0].startswith("transferapp ")
    assert not (SLOW | COMMAND_MODULES) & modules


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("-q", "--help")])
def test_help_lists_the_commands_without_importing_any(arguments: tuple[str, ...]) -> None:
    printed, modules = run(*arguments)
    for entry in COMMANDS:
        assert any(entry.name in line for line in printed)
        assert any(entry.summary[:40] in line for line in printed)
    assert not ((SLOW - DRAWS_HELP) | COMMAND_MODULES) & modules


def test_a_shell_completes_names_of_commands_without_importing_any() -> None:
    typed = {"COMP_WORDS": "transferapp im", "COMP_CWORD": "1"}
    printed, modules = run(variables={"_TRANSFERAPP_COMPLETE": "complete_bash", **typed})
    assert printed == ["import"]
    assert not ((SLOW - READS_OPTIONS) | COMMAND_MODULES) & modules


def test_a_mistyped_command_is_told_what_was_meant() -> None:
    done = CliRunner().invoke(app, ["imprt"])
    assert done.exit_code == 2
    assert "Did you mean 'import'" in done.stderr


def test_what_an_import_makes_is_not_searched_for_cycles_again() -> None:
    code = (
        "import gc\n"
        "from transferapp.cli.main import COMMANDS\n"
        "next(one for one in COMMANDS if one.name == 'import').load()\n"
        "print(len(gc.get_objects()) < gc.get_freeze_count() / 10)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True"]
