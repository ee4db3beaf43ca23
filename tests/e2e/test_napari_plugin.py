"""The distribution napari-transferapp: built, installed, validated, used in a real napari."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from tests.support.agent_process import AgentProcess
from tests.support.imported_image import (
    CHANNELS,
    PIXEL_SIZE_UM,
    import_image,
    two_channels,
)
from tests.support.own_display import own_display
from tests.support.rest_server import PASSWORD, RestServer, server
from tests.support.rest_uploads import run_export
from transferapp.model.images import Channel, TileRegion
from transferapp.server.routes.previews import RepositoryPixels

__all__ = ["server"]

ROOT = Path(__file__).resolve().parents[2]
STORY = ROOT / "tests" / "support" / "napari_story.py"
PLUGIN = "transferapp/napari_plugin/"
OFFLINE = ("--no-deps", "--no-index", "--disable-pip-version-check", "-q")
#: Seconds that the server takes for each tile while a person zooms in.
SLOW_S = 3.0
PIXELS = two_channels(2200, 3000)

pytestmark = [pytest.mark.screen, pytest.mark.slow, pytest.mark.timeout(400)]


@dataclass(frozen=True)
class Wheels:
    """Both wheels, and an environment of theirs with what this one has beside TransferApp."""

    main: Path
    plugin: Path
    python: Path


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    folder = tmp_path_factory.mktemp("plugin")
    for project in (ROOT, ROOT / "installers" / "napari-transferapp"):
        pip("wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(folder), str(project))
    (main,) = folder.glob("transferapp-*.whl")
    (plugin,) = folder.glob("napari_transferapp-*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    wheels = (str(main), str(plugin))
    pip("--python", str(python), "install", "--force-reinstall", *OFFLINE, *wheels)
    return Wheels(main, plugin, python)


def test_each_wheel_has_its_own_files(wheels: Wheels) -> None:
    main = set(zipfile.ZipFile(wheels.main).namelist())
    plugin = set(zipfile.ZipFile(wheels.plugin).namelist())
    sources = {
        f"{PLUGIN}{path.relative_to(ROOT / PLUGIN)}"
        for path in (ROOT / PLUGIN).rglob("*")
        if path.suffix in {".py", ".yaml"}
    }
    assert sources == {name for name in plugin if ".dist-info/" not in name}
    assert not {name for name in main if name.startswith(PLUGIN)}
    assert main & plugin == set()


def test_naparis_own_checker_passes(wheels: Wheels, tmp_path: Path) -> None:
    def npe2(*text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(wheels.python), "-m", "npe2", *text],
            cwd=tmp_path,
            env={**_without_ours(), "NAPARI_CONFIG": "", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    done = npe2("validate", "--imports", "napari-transferapp")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout
    listed = npe2("list", "--fields", "name,contributions", "--format", "json")
    assert "napari-transferapp" in listed.stdout, listed.stdout + listed.stderr
    # It can fail: a command that is not there is found.
    manifest = (ROOT / PLUGIN / "napari.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(manifest.replace(":TransferAppDock", " TransferAppDock"), "utf-8")
    assert npe2("validate", str(wrong)).returncode != 0


@dataclass
class Napari:
    """The story's process: what it has told so far, and what it is told."""

    process: asyncio.subprocess.Process
    heard: list[str] = field(default_factory=list)

    async def step(self, name: str) -> dict[str, Any]:
        """Read on until the story has come to a step."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.heard.append(line.decode())
            if line.startswith(b'{"step"'):
                seen: dict[str, Any] = json.loads(line)
                if seen["step"] == name:
                    return seen
        raise AssertionError(f"it ended before '{name}':\n{''.join(self.heard)[-3000:]}")

    async def go_on(self) -> None:
        """Let it do the next thing."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()


@pytest.fixture
def display() -> Iterator[str]:
    with own_display(1280, 800) as display:
        yield display


@asynccontextmanager
async def napari(
    wheels: Wheels, display: str, home: Path, story: dict[str, str]
) -> AsyncIterator[Napari]:
    """Start the story with both wheels installed, and no path to this repository."""
    environment = _without_ours() | {
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "QT_API": "pyside6",
        "NAPARI_CONFIG": str(home / "napari.yaml"),
        "HOME": str(home),
        "TRANSFERAPP_HOME": str(home),
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus",
    }
    process = await asyncio.create_subprocess_exec(
        str(wheels.python), str(STORY), cwd=home, env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(story).encode() + b"\n")
        yield Napari(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Path]:
    """Her workstation service; gives the home folder that napari and it share."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    agent = AgentProcess(home)
    client = await agent.start()
    yield home
    await client.aclose()
    agent.terminate()


async def test_a_person_browses_opens_and_exports_in_her_own_napari(
    wheels: Wheels,
    display: str,
    server: RestServer,
    agent: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image_id = await import_image(server, PIXELS)
    channels = (await (await server.signed_in()).image(image_id)).pixels.channels
    story = {
        "server": server.url,
        "username": "ada",
        "password": PASSWORD,
        "pixels": str(tmp_path / "a.npy"),
        "pixels_by_address": str(tmp_path / "b.npy"),
        "folder": str(tmp_path / "exported"),
        "pictures": os.environ.get("NAPARI_STORY_PICTURES", ""),
        "theme": os.environ.get("NAPARI_STORY_THEME", "dark"),
    }
    async with napari(wheels, display, agent, story) as person, httpx.AsyncClient() as http:
        assert (await person.step("signed in"))["password_left"] == ""
        browsed = await person.step("browsed")
        assert browsed["containers"] == ["All images", "Kidney  (1)"]
        (image,) = browsed["images"]
        assert "3000 \N{MULTIPLICATION SIGN} 2200, 2 channels" in image
        check_layers((await person.step("opened"))["layers"], channels)

        # While each tile takes long, the window lives on.
        with slow_tiles(monkeypatch) as asked:
            await person.go_on()
            closer = await person.step("looked closer")
        assert closer["waited"], "nothing was read"
        assert set(asked) == {0}
        assert closer["longest_s"] < SLOW_S - 1, "the window stood still"

        await person.go_on()
        again = await person.step("opened by address")
        check_layers(again["layers"], channels)
        for read in ("pixels", "pixels_by_address"):
            assert np.array_equal(np.load(story[read]), PIXELS)
        document = f"{(await person.step('copied'))['address']}/zarr.json"
        assert (await http.get(document)).status_code == 200
        exported = await delivered(server, tmp_path / "exported", person)
        assert np.array_equal(tifffile.imread(BytesIO(exported)), PIXELS)
        ended = await person.step("ended")
        # She signed out, so the address that she copied has ended.
        assert (await http.get(document)).status_code == 410
        assert "async" not in ended["settings"], "her settings are hers"
        assert await person.process.wait() == 0
    reported = "".join(person.heard)
    assert PASSWORD not in reported
    assert "ta1_" not in reported


class slow_tiles:  # noqa: N801 - used as a function
    """Make each tile take long; what is entered lists the levels that were read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch.context()

    def __enter__(self) -> list[int]:
        asked: list[int] = []
        tile = RepositoryPixels.tile

        async def slow(
            self: RepositoryPixels, image_id: int, region: TileRegion
        ) -> npt.NDArray[Any]:
            asked.append(region.level)
            await asyncio.sleep(SLOW_S)
            return await tile(self, image_id, region)

        self._patch.__enter__().setattr(RepositoryPixels, "tile", slow)
        return asked

    def __exit__(self, *raised: Any) -> None:
        self._patch.__exit__(*raised)


async def delivered(server: RestServer, folder: Path, person: Napari) -> bytes:
    """Prepare the export as the worker does, and wait for the agent to bring the file."""
    ada = await server.signed_in()
    async with asyncio.timeout(60):
        while not (found := (await ada.transfers()).items) or found[0].kind != "export":
            assert person.process.returncode is None, "".join(person.heard)
            await asyncio.sleep(0.1)
        details = await ada.transfer(found[0].id)
        await run_export(server, details.transfer.id, details.items[0].id)
        while not (files := list(folder.rglob("*.tif"))):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.1)
    return await asyncio.to_thread(files[0].read_bytes)


def check_layers(layers: list[dict[str, Any]], channels: Sequence[Channel]) -> None:
    """See that both channels are there with names, scale, colours and window."""
    assert [layer["name"].rpartition(": ")[2] for layer in layers] == list(CHANNELS)
    for layer, channel, plane in zip(layers, channels, PIXELS, strict=True):
        assert layer["scale"] == list(PIXEL_SIZE_UM)
        assert layer["units"] == ["micrometer", "micrometer"]
        assert len(layer["levels"]) > 1
        assert layer["levels"][0] == list(plane.shape)
        assert layer["contrast"] == [channel.window_start, channel.window_end]
        assert layer["color"] == [byte / 255 for byte in bytes.fromhex(channel.color)]
    assert layers[0]["color"] != layers[1]["color"]


def _without_ours() -> dict[str, str]:
    hidden = {"PYTHONPATH", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}
    return {name: value for name, value in os.environ.items() if name not in hidden}
