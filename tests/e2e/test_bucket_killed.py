"""A worker is killed, again and again, while it brings a large file to a real S3 server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.both_repositories import signed_in
from tests.support.facility import sha1s
from tests.support.installation import Terminal
from tests.support.places import seen_in_bucket, uploads_in, weed_server
from transferapp.model.transfers import ItemState
from transferapp.places.settings import PlaceSettings
from transferapp.places.wiring import open_place
from transferapp.sandbox.local_installation import LocalInstallation
from transferapp.testing.repository_env import sha1_of

pytest.importorskip("obstore")
__all__ = ["weed_server"]

#: It needs a large program (tests/support/places.py).
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

PATIENCE_S = 240
PLACES = """
[places.lake]
bucket = "{bucket}/killed"
endpoint = "{endpoint}"
region = "{region}"
credentials_file = "{credentials}"
"""


def test_what_is_in_the_bucket_is_whole_and_there_once(
    weed_server: PlaceSettings, tmp_path: Path
) -> None:
    place = open_place(
        "lake", weed_server.model_copy(update={"bucket": f"{weed_server.bucket}/killed"})
    )
    places = tmp_path / "places.toml"
    text = PLACES.format(
        bucket=weed_server.bucket,
        endpoint=weed_server.endpoint,
        region=weed_server.region,
        credentials=weed_server.credentials_file,
    )
    places.write_text(text)
    more = {"TRANSFERAPP_PLACES_FILE": str(places), "TRANSFERAPP_HOUSEKEEPING_S": "1"}
    with LocalInstallation(tmp_path / "i", more) as installation:
        alice = signed_in(installation)
        source = _imported(alice, tmp_path)
        asked = alice.run("export", "Dataset:Large", "--to", "lake:", "--json")
        transfer_id = asked.json["transfer"]["id"]
        for _ in range(3):
            # In the middle of a file: parts are there, and the file is not.
            _wait_for("parts are sent", lambda: bool(asyncio.run(uploads_in(place))))
            installation.kill("worker")
            assert asyncio.run(_seen(place)) == {}
            installation.start("worker")

        def delivered() -> bool:
            items = alice.details(transfer_id).items
            return {item.state for item in items} == {ItemState.DELIVERED}

        _wait_for("it is there", delivered)
        seen = asyncio.run(_seen(place))
        assert [sha1_of(content) for content in seen.values()] == sha1s([source])
        assert asyncio.run(uploads_in(place)) == []
        _given_up(alice, place)


def _given_up(alice: Terminal, place: object) -> None:
    """What a cancelled export has sent goes, too, though its worker was killed."""
    asked = alice.run("export", "Dataset:Large", "--to", "lake:", "--name", "No", "--json")
    _wait_for("parts are sent", lambda: bool(asyncio.run(uploads_in(place))))
    alice.installation.kill("worker")
    assert alice.run("transfers", "cancel", asked.json["transfer"]["id"]).code == 0
    alice.installation.start("worker")
    _wait_for("nothing is left", lambda: not asyncio.run(uploads_in(place)))
    assert len(asyncio.run(_seen(place))) == 1


def _imported(alice: Terminal, folder: Path) -> Path:
    source = folder / "large.tif"
    pixels = np.random.default_rng(7).integers(0, 255, (16_000, 16_000), dtype=np.uint8)
    tifffile.imwrite(source, pixels)
    done = alice.run("import", str(source), "--to", "Dataset:Large", "--create", "--wait")
    assert done.code == 0, done.err
    return source


async def _seen(place: object) -> dict[str, bytes]:
    return await seen_in_bucket(place._store)("alice")  # type: ignore[attr-defined]


def _wait_for(what: str, holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.02)
