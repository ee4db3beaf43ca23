"""Numbered images in an installation, exported while its processes are killed at random."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
import zarr
from PIL import Image

from tests.support.installation import PASSWORD, Terminal
from tests.support.numbered_images import number_of, plane, write_mixed
from tests.support.random_kills import kill_until
from transferapp.client.agent import AgentClient
from transferapp.errors import TransferAppError
from transferapp.model.transfers import ENDED_STATES, ItemState, TransferDetails
from transferapp.sandbox.installation_repositories import InstallationRepository
from transferapp.sandbox.local_installation import LocalInstallation

#: Forms whose pixels are those of the image, not as it is seen.
_EXACT = {"ome-tiff", "ome-zarr", "ome-zarr-0.4"}
#: Nothing goes on by itself any more.
_OVER = ENDED_STATES | {ItemState.NEEDS_ATTENTION}


@dataclass(frozen=True)
class Size:
    """How many images, and their pixels along an edge (uint16)."""

    count: int
    edge: int


@dataclass(frozen=True)
class Kills:
    """How often a process is killed at most, and how many seconds lie between two kills."""

    most: int
    every_s: tuple[float, float]
    within_s: float


@dataclass
class Imported:
    """Numbered images in a repository; they were made of the files below ``source``."""

    terminal: Terminal
    source: Path
    edge: int
    count: int
    image_ids: list[int]


@contextmanager
def imported(
    folder: Path, repository: InstallationRepository | None, size: Size
) -> Iterator[Imported]:
    """Import numbered images of mixed formats, plates among them."""
    source = folder / "source"
    images, plates, made = write_mixed(source, size.count, size.edge)
    with LocalInstallation(folder / "i", {}, repository) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        found = [
            image_id
            for path, target in ((images, "Dataset:Mixed"), (plates, "Screen:Mixed"))
            for image_id in _import(terminal, path, target)
        ]
        assert len(set(found)) == made
        yield Imported(terminal, source, size.edge, made, found)


def _import(terminal: Terminal, path: Path, target: str) -> list[int]:
    asked = ("import", str(path), "--to", target, "--create", "--wait", "--json")
    done = terminal.run(*asked, timeout_s=1500)
    assert done.code == 0, done.err[-3000:]
    return [image_id for item in done.json["items"] for image_id in item["image_ids"]]


def export_killed(images: Imported, form: str, out: Path, kills: Kills) -> dict[str, int]:
    """Export all images while processes are killed; return how often each was.

    Asserts that all were delivered, whole, each once, and none as another.
    """
    terminal = images.terminal
    listed = out.with_name(f"{out.name}.txt")
    listed.write_text("".join(f"Image:{one}\n" for one in images.image_ids), encoding="utf-8")
    asked = ("export", "--list", str(listed), "--form", form, "--to", str(out), "--json")
    done = terminal.run(*asked)
    assert done.code == 0, done.err + done.out
    transfer_id = done.json["transfer"]["id"]
    seen: list[TransferDetails] = []

    def ended() -> bool:
        with suppress(TransferAppError):
            seen.append(terminal.details(transfer_id))
        return bool(seen) and seen[-1].transfer.state in _OVER

    killed = kill_until(
        terminal.installation, ended,
        most=kills.most, every_s=kills.every_s, within_s=kills.within_s,
    )  # fmt: skip
    states = Counter(item.state for item in seen[-1].items)
    undelivered = [item for item in seen[-1].items if item.state is not ItemState.DELIVERED]
    assert not undelivered, (states, undelivered[:3])
    _check(images, form, asyncio.run(_placed(terminal, transfer_id)))
    assert not list(out.rglob("*.part")), "something half is left"
    return killed


async def _placed(terminal: Terminal, transfer_id: str) -> list[Path]:
    """Return where the items are, as the agent knows it, when it has written all down."""
    async with AgentClient(terminal.installation.agent_socket) as agent:
        async with asyncio.timeout(60):
            while (await agent.submission(transfer_id)).manifest is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        found = await agent.placements(transfer_id)
    assert all(one.placed for one in found)
    return [Path(one.path) for one in found]


def _check(images: Imported, form: str, paths: list[Path]) -> None:
    assert len(set(paths)) == len(paths)
    if form == "originals":
        arrived = Counter(_content(path) for path in paths)
        assert arrived == Counter(_content(path) for path in _sources(images.source))
        return
    numbers = Counter(_checked(path, form, images.edge) for path in paths)
    assert numbers == Counter(range(images.count))


def _sources(folder: Path) -> list[Path]:
    return [path for below in sorted(folder.iterdir()) for path in sorted(below.iterdir())]


def _content(path: Path) -> tuple[tuple[str, str], ...]:
    """Return names and hashes of a file, or of all files below a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return tuple(
        (one.relative_to(path).as_posix() if one != path else one.name, _sha256(one))
        for one in files
        if one.is_file()
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(path: Path, form: str, edge: int) -> int:
    """Return which image a path is; asserts that it is that image."""
    pixels = _pixels(path, form)
    number = number_of(pixels)
    if form in _EXACT:
        assert np.array_equal(pixels, plane(number, edge)), path
    assert pixels.shape[:2] == (edge, edge), path
    return number


def _pixels(path: Path, form: str) -> npt.NDArray[Any]:
    if path.is_dir() and not form.startswith("ome-zarr"):
        [path] = path.iterdir()  # Its name was taken in the folder above.
    if form == "ome-tiff":
        return tifffile.imread(path, level=0)
    if form.startswith("ome-zarr"):
        full: Any = zarr.open_group(path, mode="r")["0"]
        return np.asarray(full).reshape(full.shape[-2:])
    with Image.open(path) as picture:
        return np.asarray(picture)
