"""A JavaScript client of signed URLs: node with zarrita, in the versions of its lock file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import platformdirs
import pytest

_SOURCE = Path(__file__).parent / "javascript"
_FILES = ("package.json", "package-lock.json", "read_tile.js")


def javascript_folder() -> Path:
    """Return a folder with the client and its packages, fetched from npm once; else skip."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed here")
    content = b"".join((_SOURCE / name).read_bytes() for name in _FILES)
    cache = platformdirs.user_cache_path("transferapp") / "tests"
    folder = cache / f"javascript-{hashlib.sha256(content).hexdigest()[:12]}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=cache))
    for name in _FILES:
        shutil.copy(_SOURCE / name, made)
    fetched = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=made,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    if fetched.returncode:
        shutil.rmtree(made)
        pytest.skip(f"npm does not bring zarrita: {fetched.stderr[-300:]}")
    try:
        made.rename(folder)
    except OSError:  # Another test was quicker.
        shutil.rmtree(made)
    return folder


class TileReader:
    """A running client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(
        self, path: str, channel: int, rows: tuple[int, int], columns: tuple[int, int]
    ) -> dict[str, Any]:
        """Return what it reads, or ``{"error": ...}``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"path": path, "channel": channel, "rows": rows, "columns": columns}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def tile_reader(folder: Path, url: str) -> AsyncIterator[TileReader]:
    """Start a client of one address, which has no token."""
    process = await asyncio.create_subprocess_exec(
        "node", str(folder / "read_tile.js"), url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24,
    )  # fmt: skip
    try:
        yield TileReader(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
