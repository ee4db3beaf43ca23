"""``transferapp omero grant-importer`` prints commands and never a password."""

from __future__ import annotations

import re
import shlex

from typer.testing import CliRunner

from transferapp.cli.main import app


def test_commands_are_whole_and_harmless() -> None:
    result = CliRunner().invoke(
        app, ["omero", "grant-importer", "--name", "imp; rm -rf", "--host", "h", "--port", "1"]
    )
    assert result.exit_code == 0
    commands = [line for line in result.stdout.splitlines() if line.startswith("omero ")]
    assert commands[0] == "omero login root@h:1"
    assert "'imp; rm -rf'" in result.stdout
    for line in commands:
        assert "rm" not in shlex.split(line)
    taken = re.search(r"for privilege in (.*); do", result.stdout)
    assert taken is not None
    assert "Sudo" not in taken[1].split()
    assert len(taken[1].split()) == 14
    # It joins "system" only after the privileges are gone.
    assert result.stdout.index("for privilege") < result.stdout.index("--group-name system")
