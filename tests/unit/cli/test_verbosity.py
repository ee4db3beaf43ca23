"""``-v`` and ``-q`` before a command, the log's variables, and NO_COLOR; real processes."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.rest_server import RestServer, server
from transferapp.cli.output import ExitCode

__all__ = ["server"]

#: Foreground colours; bold and dim are none.
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])[;m]")
PROGRAM = (sys.executable, "-m", "transferapp")


def run(
    home: Path, *arguments: str, stderr: Any = subprocess.PIPE, **variables: Any
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment = {**kept, "TRANSFERAPP_HOME": str(home), **variables}
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        check=False,
    )


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "readme.txt").write_text("no image")
    return folder


def test_quiet_leaves_out_notes_and_keeps_results_and_errors(
    tmp_path: Path, notes: Path
) -> None:
    scan = ("scan", str(notes), "--reads", "local")
    loud, quiet = run(tmp_path, *scan), run(tmp_path, "-q", *scan)
    assert "By the readers of" in loud.stderr
    assert (quiet.stderr, quiet.stdout) == ("", loud.stdout)
    refused = run(tmp_path, "--quiet", "transfers", "list")
    assert refused.returncode == ExitCode.DENIED
    assert "Nobody is signed in" in refused.stderr


def test_both_are_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "-v", "-q", "transfers", "list")
    assert done.returncode == ExitCode.USAGE
    assert "opposites" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "reported"),
    [
        ((), {}, False),
        (("-v",), {}, True),
        ((), {"TRANSFERAPP_LOG_LEVEL": "debug"}, True),
        (("-q",), {"TRANSFERAPP_LOG_LEVEL": "DEBUG"}, False),
    ],
)
async def test_verbose_reports_of_requests_and_no_secret(
    server: RestServer,
    tmp_path: Path,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    reported: bool,
) -> None:
    token = str((await server.signed_in()).token)
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "login.json").write_text(
        json.dumps({"server_url": server.url, "username": "ada", "token": token})
    )
    text = (*arguments, "transfers", "list")
    chosen = {"TRANSFERAPP_LOG_FORMAT": "json", **variables}
    done = await asyncio.to_thread(lambda: run(home, *text, **chosen))
    assert done.returncode == 0, done.stderr
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert any(event.startswith("HTTP Request: GET") for event in events) is reported
    assert token not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("TRANSFERAPP_LOG_LEVEL", "loud", "Write debug, info, warning or error."),
        ("TRANSFERAPP_LOG_FORMAT", "xml", "Write text or json."),
    ],
)
@pytest.mark.parametrize("arguments", [("transfers", "list"), ("worker",)])
def test_a_wrong_variable_is_named(
    tmp_path: Path, variable: str, value: str, text: str, arguments: tuple[str, ...]
) -> None:
    done = run(tmp_path, *arguments, **{variable: value})
    assert done.returncode == ExitCode.PROBLEM
    assert f"{variable}: '{value}' is not known. {text}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_respected_on_a_terminal(
    tmp_path: Path, variables: dict[str, str], coloured: bool
) -> None:
    ours, its = pty.openpty()
    try:
        # The first is told by rich's box, the second by the log.
        for text, level in ((("transfers", "lsit"), ""), (("agent",), "loud")):
            chosen = {"TERM": "xterm-256color", "TRANSFERAPP_LOG_LEVEL": level, **variables}
            run(tmp_path, *text, stderr=its, **chosen)
            shown = os.read(ours, 65536)
            assert shown
            assert bool(COLOUR.search(shown)) is coloured, shown
    finally:
        os.close(ours)
        os.close(its)
