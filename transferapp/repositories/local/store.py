"""What the sessions of one process share: database, originals, derived data, open files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

import sqlalchemy as sa

from transferapp.bioformats.port import BioFormats
from transferapp.host.clock import Clock
from transferapp.repositories.local.pixels.regions import PixelReader
from transferapp.repositories.local.storage.derived_paths import DerivedPaths
from transferapp.repositories.local.storage.failures import translated
from transferapp.repositories.local.storage.garbage import collect
from transferapp.repositories.local.storage.schema import open_repository_database
from transferapp.repositories.local.storage.store import Originals

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class LocalRepositoryStore:
    """An opened repository folder; its methods and parts block, so use ``in_thread``."""

    engine: sa.Engine
    originals: Originals
    derived: DerivedPaths
    clock: Clock
    pixels: PixelReader = field(compare=False)
    bio_formats: BioFormats | None = field(default=None, compare=False)

    def collect_garbage(self) -> None:
        """Remove from disk what the tables no longer refer to."""
        collect(self.engine, self.originals, self.derived)

    def close(self) -> None:
        """Let go of files and connections."""
        self.pixels.close()
        if self.bio_formats is not None:
            self.bio_formats.close()
        self.engine.dispose()


def open_local_store(
    folder: Path, clock: Clock, bio_formats: BioFormats | None = None
) -> LocalRepositoryStore:
    """Open or make a repository folder, and finish what a killed process left undone."""
    engine = open_repository_database(folder)
    derived = DerivedPaths(folder)
    pixels = PixelReader(derived, bio_formats)
    local_store = LocalRepositoryStore(
        engine, Originals(folder), derived, clock, pixels, bio_formats
    )
    local_store.collect_garbage()
    return local_store


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking work beside the event loop, with its failures translated."""

    def work() -> R:
        with translated():
            return function(*args, **kwargs)

    return await asyncio.to_thread(work)
