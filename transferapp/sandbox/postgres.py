"""A PostgreSQL of our own for tests and benches, from Debian's packages."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg

ACCOUNT = "postgres"
_numbers = itertools.count()


class PostgresServer:
    """A server that listens on a Unix socket, and on ``address`` if there is one."""

    def __init__(
        self, binaries: Path, folder: Path, address: str = "", launch: Sequence[str] = ()
    ) -> None:
        """Keep the cluster and the socket in ``folder``; ``launch`` prefixes commands."""
        self._binaries = binaries
        self._folder = folder
        self._address = address
        self._launch = launch

    def start(self) -> None:
        """Make the cluster if it is not there, and start the server."""
        data = self._folder / "data"
        if not data.exists():
            auth = ["--auth=trust", "--username=postgres", "--encoding=UTF8"]
            self._run("initdb", "--no-sync", "--pgdata", str(data), *auth)
            with (data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")
        options = f"-c listen_addresses='{self._address}'"
        options += f" -c unix_socket_directories='{self._folder}'"
        options += " -c fsync=off -c max_connections=200"
        log = ["--log", str(self._folder / "log")]
        self._run("pg_ctl", "start", "--wait", "-D", str(data), *log, "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; "immediate" is what a crash looks like."""
        self._run("pg_ctl", "stop", "--wait", "-D", str(self._folder / "data"), "-m", mode)

    def new_database(self, template: str = "template1") -> str:
        """Make an empty (or copied) database and return its URL."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url(name)

    def url(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def network_url(self, url: str) -> str:
        """Return the URL of the same database for those who come over the network."""
        return f"{url.partition('?')[0].replace('@', f'@{self._address}')}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            change = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}"]
            command = ["setpriv", *change, "--clear-groups", *command]
        command = [*self._launch, *command]
        # Not captured by pipes: the server inherits them and would keep them open.
        subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            command, check=True, stdout=subprocess.DEVNULL, cwd=self._folder, timeout=60
        )


def find_binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def can_change_account() -> bool:
    """Tell whether PostgreSQL can run here: it does not as root."""
    if os.geteuid() != 0:
        return True
    names = {account.pw_name for account in pwd.getpwall()}
    return ACCOUNT in names and shutil.which("setpriv") is not None
