"""A PostgreSQL of the tests' own, as a fixture."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from transferapp.host.database import sqlite_url
from transferapp.sandbox.postgres import (
    ACCOUNT,
    PostgresServer,
    can_change_account,
    find_binaries,
)

__all__ = ["PostgresServer", "own_server", "postgres_server", "url"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL for this run; skips where it is not installed."""
    with own_server() as server:
        yield server


@contextmanager
def own_server(address: str = "", launch: Sequence[str] = ()) -> Iterator[PostgresServer]:
    """Start a PostgreSQL (see PostgresServer); skips the test where it is not installed."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    if not can_change_account():
        pytest.skip("PostgreSQL does not run as root, and there is no account 'postgres'")
    folder = Path(tempfile.mkdtemp(prefix="transferapp-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)
    server = PostgresServer(binaries, folder, address, launch)
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "queue.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield server.new_database()
