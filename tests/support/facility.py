"""A facility with places, real processes of all kinds, and alice at a terminal."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import PASSWORD, Answer, Terminal, make_tiffs
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.small_disks import small_disk
from transferapp.host.database import sqlite_url
from transferapp.model.transfers import ItemState, TransferItem
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation

__all__ = ["postgres_server"]

PATIENCE_S = 90
PLACES = """
[places.cluster]
title = "Scratch of the cluster"
folder = "{home}/cluster"
rights = "worker"
keep_days = 30

[places.tiny]
folder = "{home}/tiny"
rights = "worker"

[places.away]
folder = "{home}/away"
rights = "worker"

[places.narrow]
folder = "{home}/narrow"
rights = "worker"
quota_bytes = 300_000
"""


@dataclass
class Facility:
    """An installation with places, and alice and bob at terminals."""

    home: Path
    installation: LocalInstallation
    database: str

    def __post_init__(self) -> None:
        self.alice = Terminal(self.installation)
        self.images: list[str] = []
        self.sources: list[Path] = []

    def export(self, *arguments: str, wait: bool = True) -> Answer:
        more = ("--wait",) if wait else ()
        return self.alice.run("export", *arguments, *more, "--json")

    def pairs_of(self, image_id: int, namespace: str) -> dict[str, str]:
        """Return the key-values of an image in a namespace."""

        async def ask() -> dict[str, str]:
            async with await self.installation.sign_in("alice", PASSWORD) as server:
                notes = (await server.image(image_id)).annotations
                return {
                    key: value
                    for one in notes
                    if one.namespace == namespace
                    for key, value in one.pairs
                }

        return asyncio.run(ask())

    def items(self, transfer_id: str) -> tuple[TransferItem, ...]:
        return self.alice.details(transfer_id).items

    def wait_for(self, what: str, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < until, (
                f"never: {what}\n{self.installation.tail('worker')}"
            )
            time.sleep(0.05)

    def delivered(self, transfer_id: str) -> None:
        """Wait until all of it is at its place."""

        def holds() -> bool:
            states = {item.state for item in self.items(transfer_id)}
            assert not states & {ItemState.FAILED, ItemState.NEEDS_ATTENTION}, states
            return states == {ItemState.DELIVERED}

        self.wait_for("delivered", holds)


def open_facility(home: Path, database: str, repository: Any = None) -> Iterator[Facility]:
    for name in ("cluster", "away", "narrow"):
        (home / name).mkdir()
    places = home / "places.toml"
    places.write_text(PLACES.format(home=home))
    environment = {
        "TRANSFERAPP_PLACES_FILE": str(places),
        "TRANSFERAPP_HOUSEKEEPING_S": "0.5",
    }
    if database:
        environment["TRANSFERAPP_DATABASE_URL"] = database
    with LocalInstallation(home / "i", environment, repository) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        url = database or sqlite_url(home / "i" / "data" / "server" / "transferapp.db")
        facility = Facility(home, installation, url)
        assert facility.alice.log_in().code == 0
        make_tiffs(home / "in", 3)
        facility.sources = sorted((home / "in").iterdir())
        done = facility.alice.run(
            "import", str(home / "in"), "--to", "Dataset:Cells", "--create", "--wait", "--json"
        )
        assert done.code == 0, done.err
        ids = [item["image_ids"][0] for item in done.json["items"]]
        facility.images = [f"Image:{number}" for number in ids]
        yield facility


#: OMERO's is on SQLite; the embedded repository on SQLite too is for the long runs.
BACKENDS = (pytest.param("sqlite", marks=pytest.mark.chaos), "postgresql", "omero")


@pytest.fixture(scope="module", params=BACKENDS)
def facility(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Facility]:
    home = tmp_path_factory.mktemp("facility")
    if request.param == "sqlite":
        yield from open_facility(home, "")
    elif request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        yield from open_facility(home, server.new_database())
    else:
        if find_spec("omero") is None:
            pytest.skip("needs omero-py")
        with running_sandbox(home / "omero", PASSWORD) as repository:
            yield from open_facility(home, "", repository)


@contextmanager
def tiny_disk(facility: Facility) -> Iterator[Path]:
    """Mount the place 'tiny', of a megabyte; it is away otherwise."""
    folder = facility.home / "tiny"
    with small_disk(folder, megabytes=1) as disk:
        yield disk
    folder.rmdir()


def sha1s(paths: Iterator[Path] | list[Path]) -> list[str]:
    return sorted(hashlib.sha1(path.read_bytes()).hexdigest() for path in paths)  # noqa: S324


def files_below(*folders: str | Path) -> list[Path]:
    return [
        path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.is_file()
    ]
