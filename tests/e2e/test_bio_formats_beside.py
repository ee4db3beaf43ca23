"""What only Bio-Formats reads, through command line, agent, server and worker and back; its
process is stopped and killed under an import and under a preview.

Readers of ours come first where their libraries are installed: here they are hidden.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from typing_extensions import override

from tests.support.bio_formats_here import bio_formats, places
from tests.support.fluoview_files import write_oib
from tests.support.imaris_files import write_imaris
from tests.support.installation import LONG_AGO, PASSWORD, USERNAME, Terminal
from tests.support.vendor_files import (
    numbers,
    write_dicom,
    write_ics,
    write_lif,
    write_mrc,
)
from transferapp.bioformats.places import Places
from transferapp.bioformats.port import BioFormats, Series
from transferapp.client.server import ServerClient
from transferapp.desktop.tiles.source import ZarrTiles
from transferapp.errors import UnreadableFile
from transferapp.model.images import TileRegion
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.protocol import routes
from transferapp.sandbox.local_installation import LocalInstallation

__all__ = ["bio_formats", "places"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: Libraries of readers of ours for these formats.
HIDDEN = ("liffile", "olefile", "h5py", "mrcfile", "pydicom")
PATIENCE_S = 8
TO = ("--to", "Dataset:Foreign", "--create", "--wait", "--json")


@dataclass
class Env:
    """An installation whose server and worker have Bio-Formats."""

    installation: LocalInstallation
    terminal: Terminal

    def javas(self, process: str) -> list[psutil.Process]:
        """Return the Javas of a process."""
        children = psutil.Process(self.installation.pid(process)).children(recursive=True)
        return [one for one in children if one.name() == "java"]

    def details(self, answer: dict[str, Any]) -> TransferDetails:
        return self.terminal.details(answer["transfer"]["id"])

    def ended(self, transfer_id: str) -> TransferDetails:
        """Wait until nothing of a transfer moves any more."""
        still = {ItemState.IMPORTED, ItemState.FAILED, ItemState.NEEDS_ATTENTION}
        until = time.monotonic() + 60
        details = self.terminal.details(transfer_id)
        while not {item.state for item in details.items} <= still:
            assert time.monotonic() < until, details.items
            time.sleep(0.2)
            details = self.terminal.details(transfer_id)
        return details


@pytest.fixture(scope="module")
def env(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Env]:
    home = tmp_path_factory.mktemp("house")
    hiding = home / "hiding"
    hiding.mkdir()
    lines = ["import sys", f"sys.modules.update(dict.fromkeys({HIDDEN!r}))"]
    (hiding / "sitecustomize.py").write_text("\n".join(lines))
    environment = {
        "TRANSFERAPP_BIOFORMATS_JAR": str(places.jar),
        "TRANSFERAPP_BIOFORMATS_PATIENCE_S": str(PATIENCE_S),
        "PYTHONPATH": f"{hiding}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    with LocalInstallation(home / "i", environment) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        yield Env(installation, terminal)


def rested(files: Sequence[Path]) -> list[Path]:
    for path in files:
        os.utime(path, (LONG_AGO, LONG_AGO))
    return list(files)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Files by their set; the one that is opened comes first."""
    folder = tmp_path_factory.mktemp("foreign")
    planes = numbers((2, 3, 40, 50), "<u2")
    made = {
        "x.lif": write_lif(folder / "x.lif", {"one": planes, "two": planes[:1, :2] + 9}),
        "x.oib": write_oib(folder / "x.oib", planes[:, 0]),
        "y.ics": write_ics(folder / "y.ics", planes),
        "x.ims": write_imaris(folder / "x.ims", [planes[None]]),
        "x.dcm": write_dicom(folder / "x.dcm", planes[0, 0].astype("<i2")),
        "x.mrc": write_mrc(folder / "x.mrc", planes[0].astype("<i2")),
    }
    return {name: rested(files) for name, files in made.items()}


@pytest.fixture(scope="module")
def arrived(env: Env, sources: dict[str, list[Path]]) -> dict[str, list[int]]:
    """Images by the file that is opened, after one import of them all."""
    folder = sources["x.lif"][0].parent
    done = env.terminal.run("import", str(folder), *TO)
    assert done.code == 0, done.err
    items = env.details(done.json).items
    assert {item.state for item in items} == {ItemState.IMPORTED}
    images = {item.name: list(item.image_ids) for item in items}
    assert sum(map(len, images.values())) == len(sources) + 1
    return {name: images[_named(name, images)] for name in sources}


def _named(name: str, images: dict[str, list[int]]) -> str:
    """An item is called after the first file of its set: 'y.ids' or 'y.ics'."""
    [found] = [
        one for one in images if Path(one).stem == Path(name).stem and one[:3] == name[:3]
    ]
    return found


def connected(server: ServerClient) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.base_url,
        headers={"authorization": f"Bearer {server.token}"},
        timeout=60,
    )


async def previews(env: Env, image_ids: Sequence[int]) -> list[tuple[bytes, list[str]]]:
    """Return of each image its thumbnail, and the hashes of its first and last plane."""
    found = []
    async with (
        await env.installation.sign_in(USERNAME, PASSWORD) as server,
        connected(server) as http,
    ):
        for image_id in image_ids:
            pixels = (await server.image(image_id)).pixels
            tiles = ZarrTiles(http, pixels)
            size = pixels.levels[0]
            last = pixels.size_t - 1, pixels.size_c - 1, pixels.size_z - 1
            ends = [
                await tiles.tile(TileRegion(0, *place, 0, 0, size.size_y, size.size_x))
                for place in ((0, 0, 0), last)
            ]
            found.append((await server.thumbnail(image_id), [hashed(one) for one in ends]))
    return found


def hashed(plane: Any) -> str:
    little = np.ascontiguousarray(plane, plane.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def answered(bio_formats: BioFormats, file: Path) -> list[list[str]]:
    """Return Bio-Formats' own hashes of the first and last plane of each series."""
    series = bio_formats.describe(file).series
    return [
        [
            _plane(bio_formats, file, number, one, place)
            for place in ((0, 0, 0), (one.size_t - 1, one.size_c - 1, one.size_z - 1))
        ]
        for number, one in enumerate(series)
    ]


def _plane(
    bio_formats: BioFormats, file: Path, number: int, one: Series, place: tuple[int, int, int]
) -> str:
    height, width = one.levels[0]
    content = bio_formats.pixels(file, number, TileRegion(0, *place, 0, 0, height, width))
    stored = np.dtype(one.type).newbyteorder("<" if one.is_little_endian else ">")
    return hashed(np.frombuffer(content, stored).reshape(height, width))


def test_previews_come_and_pixels_are_its_own(
    env: Env,
    arrived: dict[str, list[int]],
    sources: dict[str, list[Path]],
    bio_formats: BioFormats,
) -> None:
    assert env.javas("worker"), "another reader was asked"
    for name, files in sources.items():
        seen = asyncio.run(previews(env, arrived[name]))
        assert all(thumbnail.startswith(b"\xff\xd8") for thumbnail, _ in seen), name
        assert [hashes for _, hashes in seen] == answered(bio_formats, files[0]), name


def test_exports_are_the_same_bytes(
    env: Env,
    arrived: dict[str, list[int]],
    sources: dict[str, list[Path]],
    tmp_path: Path,
) -> None:
    images = [f"Image:{ids[0]}" for ids in arrived.values()]
    done = env.terminal.run("export", *images, "--to", str(tmp_path / "out"), "--wait")
    assert done.code == 0, done.err
    back = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("x.*")}
    back |= {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("y.*")}
    sent = [path for files in sources.values() for path in files]
    assert back == {path.name: path.read_bytes() for path in sent}


def make_late(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for number, name in enumerate(names):
        rested(write_mrc(folder / name, numbers((2, 30, 40), "<i2") + number))
    return folder


def test_stopped_under_an_import_it_costs_one_item(env: Env, tmp_path: Path) -> None:
    folder = make_late(tmp_path / "late", "a.mrc", "b.mrc", "c.mrc")
    [java] = _running(env, tmp_path)
    os.kill(java.pid, signal.SIGSTOP)
    done = env.terminal.run("import", str(folder), *TO)
    assert done.code != 0
    items = env.details(done.json).items
    [failed] = [item for item in items if item.state is not ItemState.IMPORTED]
    assert failed.trouble is not None
    assert failed.trouble.code == UnreadableFile.code
    assert f"did not answer in {PATIENCE_S} s while it read '{failed.name}'" in (
        failed.trouble.message
    )
    assert not psutil.pid_exists(java.pid)
    transfer_id = done.json["transfer"]["id"]
    assert env.terminal.run("transfers", "retry", transfer_id).code == 0
    assert {item.state for item in env.ended(transfer_id).items} == {ItemState.IMPORTED}


def _running(env: Env, tmp_path: Path) -> list[psutil.Process]:
    """Return the worker's Java, begun by an import where there is none."""
    if not env.javas("worker"):
        first = make_late(tmp_path / "first", "first.mrc")
        assert env.terminal.run("import", str(first), *TO).code == 0
    return env.javas("worker")


class Killing(threading.Thread):
    """Kills the Java that has a file open, once."""

    def __init__(self, env: Env, name: str) -> None:
        super().__init__(daemon=True)
        self._env, self._name = env, name
        self.over, self.killed = threading.Event(), 0
        self.start()

    @override
    def run(self) -> None:
        while not self.over.is_set() and not self.killed:
            for java in self._env.javas("worker"):
                with contextlib.suppress(psutil.Error, OSError):
                    if any(path.endswith(self._name) for path in _open_files(java.pid)):
                        os.kill(java.pid, signal.SIGKILL)
                        self.killed = java.pid


def _open_files(pid: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(link.readlink()))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_killed_under_an_import_it_costs_one_item_at_most(env: Env, tmp_path: Path) -> None:
    folder = make_late(tmp_path / "late", "a.mrc", "b.mrc")
    rested(write_mrc(folder / "slow.mrc", numbers((2, 2000, 3000), "<i2")))
    killing = Killing(env, "slow.mrc")
    done = env.terminal.run("import", str(folder), *TO)
    killing.over.set()
    killing.join()
    assert killing.killed
    assert not psutil.pid_exists(killing.killed)
    transfer_id = done.json["transfer"]["id"]
    failed = [i for i in env.details(done.json).items if i.state is not ItemState.IMPORTED]
    assert [item.name for item in failed] in ([], ["slow.mrc"])
    for item in failed:
        assert item.trouble is not None
        assert item.trouble.message.startswith(
            "Bio-Formats broke down while it read 'slow.mrc'. Retry"
        )
        assert env.terminal.run("transfers", "retry", transfer_id).code == 0
    assert {item.state for item in env.ended(transfer_id).items} == {ItemState.IMPORTED}


def _kill_soon(env: Env) -> None:
    """Kill the server's Java once it has started and is at a file that never ends."""
    until = time.monotonic() + 60
    while not (javas := env.javas("server")):
        assert time.monotonic() < until
        time.sleep(0.1)
    time.sleep(PATIENCE_S * 0.75)
    os.kill(javas[0].pid, signal.SIGKILL)


def test_killed_under_a_preview_it_costs_that_tile(env: Env, tmp_path: Path) -> None:
    folder = make_late(tmp_path / "late", "viewed.mrc", "other.mrc")
    done = env.terminal.run("import", str(folder), *TO)
    assert done.code == 0, done.err
    images = {item.name: item.image_ids[0] for item in env.details(done.json).items}
    for java in env.javas("server"):
        java.kill()  # Between two requests it costs nothing; it has nothing open any more.
        java.wait(10)  # One that is still dying is none that the preview started.
    # A pipe that nobody writes to: opening it never ends.
    stored = next(env.installation.home.rglob("filesets/**/viewed.mrc"))
    kept = stored.rename(stored.with_name("kept"))
    os.mkfifo(stored)

    async def scan() -> tuple[httpx.Response, httpx.Response]:
        async with (
            await env.installation.sign_in(USERNAME, PASSWORD) as server,
            connected(server) as http,
        ):
            root = routes.image_zarr(images["viewed.mrc"])
            asked = asyncio.create_task(http.get(f"{root}/0/c/0/0/0/0/0"))
            await asyncio.to_thread(_kill_soon, env)
            hung = await asked
            stored.unlink()
            kept.rename(stored)
            return hung, await http.get(f"{root}/0/c/0/0/0/0/0")

    hung, again = asyncio.run(scan())
    assert hung.json()["code"] == UnreadableFile.code, hung.text
    assert again.status_code == HTTPStatus.OK
    [(thumbnail, _)] = asyncio.run(previews(env, [images["other.mrc"]]))
    assert thumbnail.startswith(b"\xff\xd8")
