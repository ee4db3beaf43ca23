"""A person at a terminal of an installation: the command line against real processes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from transferapp.model.transfers import TransferDetails
from transferapp.sandbox.local_installation import LocalInstallation

USERNAME = "alice"
PASSWORD = "microscope"
#: A time of files that nobody writes any more.
LONG_AGO = 1_700_000_000


@dataclass
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """What ``--follow --json`` prints."""
        return [json.loads(line) for line in self.out.splitlines()]


class Terminal:
    """Runs ``transferapp ...`` as alice, signed in through ``login --in-file``."""

    def __init__(self, installation: LocalInstallation) -> None:
        self.installation = installation

    def run(self, *arguments: str, text: str = "", timeout_s: float = 120) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "transferapp", *arguments],
            env=self.installation.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def log_in(self, password: str = PASSWORD) -> Answer:
        return self.run(
            "login", self.installation.url, "--user", USERNAME, "--password-stdin", "--in-file",
            text=password + "\n",
        )  # fmt: skip

    def details(self, transfer_id: str) -> TransferDetails:
        """Ask the server; raises ServerUnreachable while it is down."""

        async def ask() -> TransferDetails:
            async with await self.installation.sign_in(USERNAME, PASSWORD) as server:
                return await server.transfer(transfer_id, files=True)

        return asyncio.run(ask())

    def becomes_safe_to_delete(self, transfer_id: str) -> bool:
        """Ask until it is so, for a minute: on a busy machine a look takes its time."""
        until = time.monotonic() + 60
        while not (safe := self.safe_to_delete(transfer_id)) and time.monotonic() < until:
            time.sleep(0.5)
        return safe

    def safe_to_delete(self, transfer_id: str) -> bool:
        """Ask as a person does; the workstation looks at the source once more for that."""
        answer = self.run("transfers", "show", transfer_id, "--json")
        return bool(answer.json["transfer"]["promises"]["safe_to_delete_source"])


def make_tiffs(folder: Path, count: int, edge: int = 256, seed: int = 7) -> None:
    """Write TIFF images that all differ; noise, so that nothing compresses away."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed)
    for number in range(count):
        plane = noise.integers(0, 4096, (edge, edge), dtype=np.uint16)
        path = folder / f"field_{number:03d}.tif"
        tifffile.imwrite(path, plane)
        os.utime(path, (LONG_AGO, LONG_AGO))
