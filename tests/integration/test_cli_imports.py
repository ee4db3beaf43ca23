"""Handing over on the command line imports what it needs, and no more; real processes."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.czi_files import Tile, plane, write_czi
from tests.support.installation import LONG_AGO, PASSWORD, Terminal, make_tiffs
from transferapp.host.clock import SystemClock
from transferapp.sandbox.local_installation import LocalInstallation

#: What others need: servers, the embedded repository, settings, the desktop, a log that has
#: nothing to tell, a keyring that is not asked, a command line of httpx.
FOR_OTHERS = {
    "alembic", "click", "dbos", "fastapi", "importlib_metadata", "keyring", "napari",
    "PIL", "pygments", "pydantic_settings", "PySide6", "sqlalchemy", "starlette", "structlog",
    "tenacity", "transferapp.agent", "transferapp.desktop", "transferapp.repositories",
    "transferapp.server", "transferapp.taskqueue", "uvicorn", "zarr",
}  # fmt: skip
#: What many TIFFs are looked into with, and those that are not simple.
FOR_TIFFS = {"imagecodecs", "numpy", "tifffile"}
#: Screens are drawn on with these, and help is; a pipe needs no more than widths of characters.
FOR_SCREENS = {"rich.console", "rich.table", "rich.text", "typer.rich_utils"}
_IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \| +([\w.]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    with LocalInstallation(tmp_path_factory.mktemp("home")) as stage:
        asyncio.run(stage.add_people(PASSWORD))
        for name in ("server", "agent"):
            stage.start(name)
        found = Terminal(stage)
        assert found.log_in().code == 0
        yield found


def imported(terminal: Terminal, *arguments: str) -> set[str]:
    """Run a command that ends well; return the names of all modules that it imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "transferapp", *arguments],
        env=terminal.installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(_IMPORTED.findall(done.stderr))


@pytest.mark.parametrize("as_json", [True, False])
def test_an_import_is_handed_over_without_what_others_need(
    terminal: Terminal, tmp_path: Path, as_json: bool
) -> None:
    folder = tmp_path / "czi"
    folder.mkdir()
    write_czi(folder / "cells.czi", [Tile(plane(7))])
    os.utime(folder / "cells.czi", (LONG_AGO, LONG_AGO))
    found = imported(
        terminal, "import", str(folder), "--to", "Dataset:Starts", "--create",
        *(["--json"] if as_json else []),
    )  # fmt: skip
    assert {"httpx", "pydantic"} <= found
    assert (FOR_OTHERS | FOR_TIFFS | FOR_SCREENS) & found == set()


@pytest.mark.parametrize("new", [True, False])
def test_a_few_simple_tiffs_are_scanned_into_without_it(
    terminal: Terminal, tmp_path: Path, new: bool
) -> None:
    make_tiffs(tmp_path / "tiffs", 2)
    written = SystemClock().now().timestamp() - 30 if new else LONG_AGO
    for path in (tmp_path / "tiffs").iterdir():
        os.utime(path, (written, written))
    found = imported(
        terminal, "import", str(tmp_path / "tiffs"), "--to", "Dataset:Starts", "--create"
    )
    assert (FOR_OTHERS | FOR_TIFFS | FOR_SCREENS) & found == set()
