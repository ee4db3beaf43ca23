"""A large image in a repository, two workers, and how far its conversion in portions is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
import tifffile

from tests.support.installation import PASSWORD, USERNAME
from tests.support.multi_file_images import put_into
from transferapp.host.database import open_engine, reading, sqlite_url
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.operations.convert_portion import KIND
from transferapp.protocol.export_requests import ExportRequest
from transferapp.sandbox.local_installation import LocalInstallation
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.port import TaskState

#: The smallest portion that can be chosen is one shard; this image has 36 of them.
SHAPE = (3, 8000, 6000)
ENVIRONMENT = {
    "TRANSFERAPP_PORTION_PIXELS": str(1 << 22),
    "TRANSFERAPP_CONVERSIONS": "1",
    "TRANSFERAPP_CONVERSION_THREADS": "1",
    "TRANSFERAPP_LOG_FORMAT": "json",
}
WORKERS = ("worker", "worker-2")
#: x, y, width and height of what is drawn; over the edge of two shards.
REGION = (1500, 2000, 1200, 700)
_WITHIN_S = 60.0


def large_tiff(path: Path) -> Path:
    """Write an image of SHAPE in which no two shards are alike."""
    tile = np.random.default_rng(5).integers(0, 250, (1009, 1013), np.uint8)
    tifffile.imwrite(
        path,
        np.stack([np.tile(tile + c, (8, 6))[: SHAPE[1], : SHAPE[2]] for c in range(SHAPE[0])]),
        tile=(512, 512),
        photometric="minisblack",
        metadata={"axes": "CYX"},
    )
    return path


def with_a_region(tiff: Path) -> Path:
    """Draw a rectangle of REGION into a copy of a TIFF: an OME-TIFF, as its OME-XML says."""
    path = tiff.with_suffix(".ome.tif")
    tifffile.imwrite(
        path, tifffile.imread(tiff), tile=(512, 512), photometric="minisblack",
        metadata={"axes": "CYX"}, ome=True,
    )  # fmt: skip
    x, y, width, height = REGION
    drawn = (
        '<ROI ID="ROI:0" Name="a nucleus"><Union><Rectangle ID="Shape:0"'
        f' X="{x}" Y="{y}" Width="{width}" Height="{height}"/></Union></ROI></OME>'
    )
    with tifffile.TiffFile(path) as file:
        known = file.ome_metadata or ""
    known = known.replace("</Image>", '<ROIRef ID="ROI:0"/></Image>').replace("</OME>", drawn)
    tifffile.tiffcomment(path, known.encode())
    tiff.unlink()
    return path


@dataclass
class PortionedExport:
    """One installation, without an agent: what is made stays where it was made."""

    installation: LocalInstallation
    data: Path
    url: str

    async def imported(self, path: Path) -> int:
        """Put an image into the repository; returns its id."""
        repository = self.installation.repository.open()
        [image_id] = await put_into(repository, USERNAME, path.parent, [[path]])
        return image_id

    async def asked(
        self,
        image_id: int,
        form: ExportForm = ExportForm.OME_ZARR,
        *,
        with_annotations: bool = False,
    ) -> str:
        """Ask for the image; returns the id of the transfer."""
        request = ExportRequest(
            name="large", image_ids=[image_id], form=form, with_annotations=with_annotations
        )
        async with await self.installation.sign_in(USERNAME, PASSWORD) as server:
            return (await server.submit_export(request)).details.transfer.id

    async def details(self, transfer_id: str) -> TransferDetails:
        """Return the transfer as its owner sees it."""
        async with await self.installation.sign_in(USERNAME, PASSWORD) as server:
            return await server.transfer(transfer_id, files=True)

    async def reached(
        self, transfer_id: str, *states: ItemState, within_s: float = 2 * _WITHIN_S
    ) -> TransferDetails:
        """Wait until its item is in one of these states."""
        until = time.monotonic() + within_s
        while True:
            details = await self.details(transfer_id)
            if details.items[0].state in states:
                return details
            assert time.monotonic() < until, (details.items, self.installation.tail("worker"))
            await asyncio.sleep(0.2)

    def made(self) -> Counter[int]:
        """Count how often each portion was made, by any worker."""
        found: Counter[int] = Counter()
        for log in self.installation.logs.glob("worker*.log"):
            for line in log.read_text(encoding="utf-8").splitlines():
                if '"portion made"' in line:
                    found[json.loads(line)["portion"]] += 1
        return found

    def holds_a_portion(self, worker: str) -> bool:
        """Whether a worker is in the middle of a portion; read as it stands, while one that
        was stopped may hold the database.
        """
        engine = open_engine(self.url or sqlite_url(self.data / "transferapp.db"))
        running = sa.select(tasks.c.holder).where(
            tasks.c.kind == KIND, tasks.c.state == TaskState.RUNNING
        )
        try:
            with reading(engine) as connection:
                holders = connection.scalars(running).all()
        finally:
            engine.dispose()
        pid = str(self.installation.pid(worker))
        return any(pid in holder.split(":") for holder in holders)

    async def kill_in_the_middle(self, worker: str, after: int) -> dict[str, tuple[int, int]]:
        """Kill -9 a worker that holds a portion, once ``after`` are made; returns what is
        durable by then: of each file of these portions inode and time.
        """
        both = [self.installation.pid(name) for name in WORKERS]
        until = time.monotonic() + _WITHIN_S
        while True:
            assert time.monotonic() < until, self.installation.tail(worker)
            if len(self.made()) < after:
                await asyncio.sleep(0.02)
                continue
            for pid in both:
                os.kill(pid, signal.SIGSTOP)
            if self.holds_a_portion(worker):
                break
            for pid in both:
                os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.02)
        durable = self.durable()
        self.installation.kill(worker)
        os.kill(self.installation.pid(WORKERS[0]), signal.SIGCONT)
        return durable

    def durable(self) -> dict[str, tuple[int, int]]:
        """Return inode and time of the files of all portions that are made."""
        [notes] = (self.data / "prepared").glob("*.notes")
        files = notes.with_suffix(".part")
        names = [
            name for path in notes.glob("[0-9]*.json") for name in json.loads(path.read_bytes())
        ]
        return {name: _mark(files / name) for name in names}

    def published(self, item_id: str) -> dict[str, bytes]:
        """Return the files that were made for an item."""
        folder = self.data / "prepared" / item_id
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    def marks(self, item_id: str) -> dict[str, tuple[int, int]]:
        """Return inode and time of each file of an item."""
        folder = self.data / "prepared" / item_id
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): _mark(path) for path in paths}


def _mark(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def waited(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    until = time.monotonic() + _WITHIN_S
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)
