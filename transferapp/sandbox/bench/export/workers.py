"""The whole way through server, queue and real worker processes; and originals beside cp."""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from transferapp.errors import TransferAppError
from transferapp.model.export_specs import ExportForm
from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.model.transfers import ItemState
from transferapp.protocol.export_requests import ExportRequest
from transferapp.repositories.port import Repository
from transferapp.sandbox.local_installation import InstallationError, LocalInstallation

USERNAME = "alice"
_PASSWORD = "microscope"  # noqa: S105 - of an installation that ends with the bench
_WORKERS = ("worker", "worker-2")
_READY = "worker ready"
_WITHIN_S = 900.0
_RAM_DISK = Path("/dev/shm")  # noqa: S108 - measured on purpose without a disk


async def import_into(repository: Repository, paths: Sequence[Path]) -> list[int]:
    """Put images into a repository as a worker does; returns their ids."""
    group = (await repository.identity(USERNAME)).groups[0].id
    made: list[int] = []
    async with repository.session(USERNAME, group) as session:
        imports = session.imports
        for path in paths:
            with path.open("rb") as file:
                sha1 = hashlib.file_digest(file, "sha1").hexdigest()
            planned = PlannedFile(path.name, path.stat().st_size, sha1)
            plan = FilesetPlan(uuid.uuid4().hex, path.name, (planned,), None, group)
            fileset = await imports.reserve(plan)
            await imports.store(fileset, plan, [path])
            await imports.verify(fileset, plan)
            made += (await imports.register(fileset, plan, lambda *_: None)).image_ids
    await repository.close()
    return made


class WorkerBench:
    """An installation without an agent: what is exported stays where it was made."""

    def __init__(self, folder: Path, portion_pixels: int) -> None:
        """Make the installation below ``folder``; nothing runs yet."""
        self._installation = LocalInstallation(
            folder / "home",
            {
                "TRANSFERAPP_CONVERSIONS": "1",
                "TRANSFERAPP_CONVERSION_THREADS": "1",
                "TRANSFERAPP_PORTION_PIXELS": str(portion_pixels),
            },
        )
        self._folder = folder

    def two_over_one(self, source: Path, rounds: int) -> tuple[list[float], dict[str, float]]:
        """Return how much faster two workers are, round by round, and the figures."""
        times: dict[int, list[float]] = {1: [], 2: []}
        with self._installation as installation:
            asyncio.run(installation.add_people(_PASSWORD))
            [image_id] = asyncio.run(import_into(installation.repository.open(), [source]))
            installation.start("server")
            for number in range(rounds):
                for count in (1, 2) if number % 2 == 0 else (2, 1):
                    with self._working(count):
                        times[count].append(asyncio.run(self._export(image_id)))
        size = source.stat().st_size / 1e6
        figures = {
            f"ome_zarr_{count}_worker_mb_s": round(size / statistics.median(found), 1)
            for count, found in times.items()
        }
        return [one / two for one, two in zip(times[1], times[2], strict=True)], figures

    @contextmanager
    def _working(self, count: int) -> Iterator[None]:
        """Run so many workers, each with one thread that encodes and on a core of its own."""
        installation, own = self._installation, os.sched_getaffinity(0)
        names = _WORKERS[:count]
        for number, name in enumerate(names):
            (installation.logs / f"{name}.log").unlink(missing_ok=True)
            # A process is born with the cores of who starts it.
            os.sched_setaffinity(0, {sorted(own)[number % len(own)]})
            installation.start(name, wait=False)
        os.sched_setaffinity(0, own)
        until = time.monotonic() + _WITHIN_S
        while not all(_READY in installation.tail(name, 1000) for name in names):
            installation.check()
            if time.monotonic() > until:
                raise InstallationError("the workers are not ready")
            time.sleep(0.1)
        try:
            yield
        finally:
            for name in names:
                installation.stop(name)

    async def _export(self, image_id: int) -> float:
        request = ExportRequest(name="large", image_ids=[image_id], form=ExportForm.OME_ZARR)
        async with await self._installation.sign_in(USERNAME, _PASSWORD) as server:
            began = time.perf_counter()
            asked = (await server.submit_export(request)).details.transfer.id
            while True:
                [item] = (await server.transfer(asked)).items
                if item.state is ItemState.READY:
                    break
                if item.trouble is not None or time.perf_counter() - began > _WITHIN_S:
                    raise InstallationError(f"The export did not end: {item}")
                await asyncio.sleep(0.1)
            took = time.perf_counter() - began
            with suppress(TransferAppError):
                await server.cancel(asked)
        return took


def originals(folder: Path, source: Path, rounds: int) -> list[float]:
    """Return how fast a file comes out of the embedded repository, over cp, round by round.

    Read as its person through the repository's port, where the disk that holds it is mounted.
    """
    installation = LocalInstallation(folder / "originals")
    asyncio.run(installation.add_people(_PASSWORD))
    [image_id] = asyncio.run(import_into(installation.repository.open(), [source]))
    disk = _RAM_DISK if os.access(_RAM_DISK, os.W_OK) else folder
    target = disk / f"transferapp-bench-{uuid.uuid4().hex}"
    ratios = []
    try:
        for _ in range(rounds + 1):
            ours = asyncio.run(_read(installation.repository.open(), image_id, target))
            target.unlink()
            began = time.perf_counter()
            subprocess.run(["cp", str(source), str(target)], check=True)  # noqa: S603, S607
            ratios.append((time.perf_counter() - began) / ours)
            target.unlink()
    finally:
        target.unlink(missing_ok=True)
    return ratios[1:]


async def _read(repository: Repository, image_id: int, target: Path) -> float:
    async with repository.session(USERNAME) as session:
        [file] = await session.images.files([image_id])
        began = time.perf_counter()
        with target.open("wb", buffering=0) as out:
            async for piece in session.images.read(file.id):
                out.write(piece)
        took = time.perf_counter() - began
    await repository.close()
    return took
