"""What the command line says of files before it sends them, knowing where they go."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from transferapp.cli import import_scan, signed_in
from transferapp.cli.commands import handing_over
from transferapp.client.sessions import FormatsAnswer
from transferapp.errors import Denied
from transferapp.formats.omero import omero_formats
from transferapp.host.resources import resource


class Omero:
    """A server before OMERO."""

    base_url = "http://omero.test"

    async def formats(self, _etag: str = "") -> FormatsAnswer:
        return FormatsAnswer(omero_formats(), "")


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """An OME-Zarr of another name, a year old."""
    made = tmp_path / "cluster"
    shutil.copytree(
        resource("sample-data", "ome-zarr-v04-confocal-5d", "cluster.ome.zarr"), made
    )
    for path in made.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return made


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))


async def test_what_omero_cannot_open_is_refused(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def server_client() -> AsyncIterator[tuple[Omero, None]]:
        yield Omero(), None

    monkeypatch.setattr(signed_in, "server_client", server_client)
    scanned = import_scan.scan_at([cluster], [], await handing_over._settings(), print)
    assert scanned.ready == ()
    assert "Rename 'cluster' to 'cluster.ome.zarr'" in scanned.refused[0]


async def test_files_are_scanned_at_also_when_nobody_is_signed_in(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def server_client() -> None:
        raise Denied("Nobody is signed in.")

    monkeypatch.setattr(signed_in, "server_client", server_client)
    scanned = import_scan.scan_at([cluster], [], await handing_over._settings(), print)
    assert (len(scanned.ready), scanned.refused) == (1, ())
