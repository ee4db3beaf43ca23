"""An installation over the embedded repository, or over the OMERO sandbox, with its people."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.installation import PASSWORD, Terminal
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation

REPOSITORIES = ("embedded", "omero")


@contextmanager
def installed(
    kind: str, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[Terminal]:
    """Start all processes, and sign alice in."""
    if kind == "embedded":
        with LocalInstallation(folder, environment or {}) as installation:
            yield signed_in(installation)
        return
    if find_spec("omero") is None:
        pytest.skip("needs omero-py")
    with (
        running_sandbox(folder / "omero", PASSWORD) as repository,
        LocalInstallation(folder / "i", environment or {}, repository) as installation,
    ):
        yield signed_in(installation)


def signed_in(installation: LocalInstallation) -> Terminal:
    """Start all processes with alice and bob, and sign alice in."""
    asyncio.run(installation.add_people(PASSWORD))
    installation.start_all()
    terminal = Terminal(installation)
    assert terminal.log_in().code == 0
    return terminal
