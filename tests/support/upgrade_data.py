"""Keep what an old installation left, as text and one archive, and put it back for a test.

    python -m tests.support.upgrade_data OLD

makes ``tests/data/upgrade`` anew; OLD is the tree of the old release (old_installation.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from transferapp.host.database import sqlite_url
from transferapp.host.sqlite import sqlite3
from transferapp.sandbox.postgres import ACCOUNT, PostgresServer, find_binaries

KEPT = Path(__file__).parent.parent / "data" / "upgrade"
_SCRIPT = Path(__file__).with_name("old_installation.py")
_SERVER_DATABASE = "transferapp.db"


def put_back(kept: Path, folder: Path, url: str) -> None:
    """Make an installation of what is kept; ``url`` is that of its empty database."""
    with tarfile.open(kept / "files.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    for dump in sorted(kept.rglob("*.sql")):
        if url.startswith("postgresql") and dump.stem == _SERVER_DATABASE:
            with psycopg.connect(url) as connection:
                connection.execute(dump.read_bytes())
            continue
        with closing(sqlite3.connect(folder / dump.relative_to(kept).with_suffix(""))) as file:
            file.executescript(dump.read_text(encoding="utf-8"))


def _keep(folder: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    databases = sorted(folder.rglob("*.db"))
    for path in databases:
        out = kept / path.relative_to(folder).with_suffix(".db.sql")
        out.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path)) as file:
            version = file.execute("PRAGMA user_version").fetchone()[0]
            lines = [*file.iterdump(), f"PRAGMA user_version = {version};"]
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with tarfile.open(kept / "files.tar.gz", "w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name, filter=_no_database)


def _no_database(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if ".db" in Path(member.name).name else member


def _leave(old: Path, url: str, folder: Path) -> None:
    subprocess.run([sys.executable, str(_SCRIPT), url, str(folder)], cwd=old, check=False)


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    binaries = find_binaries()
    assert binaries is not None, "PostgreSQL is needed: apt install postgresql"
    folder = Path(tempfile.mkdtemp(prefix="transferapp-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)
    server = PostgresServer(binaries, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _pg_dump() -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))


def main() -> None:
    """Make both from the old tree."""
    old = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _leave(old, sqlite_url(folder / _SERVER_DATABASE), folder)
        _keep(folder, KEPT / "sqlite")
    with tempfile.TemporaryDirectory() as name, _postgres() as server:
        folder, url = Path(name), server.new_database()
        _leave(old, url, folder)
        _keep(folder, KEPT / "postgresql")
        options = ["--inserts", "--no-owner", "--no-privileges", "--no-comments"]
        dump = subprocess.run(
            [str(_pg_dump()), *options, url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        lines = [line for line in dump.splitlines() if line and line[0] not in "\\-"]
        out = KEPT / "postgresql" / f"{_SERVER_DATABASE}.sql"
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
