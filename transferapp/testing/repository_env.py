"""What the conformance suite of image repositories works on: people, samples, steps."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.filesets import Fileset, FilesetPlan, PlannedFile
from transferapp.model.images import Annotation
from transferapp.model.rois import Roi
from transferapp.repositories.port import (
    Repository,
    RepositorySession,
)

ALICE, BOB = "alice", "bob"
#: alice is in the group "lab" (read-annotate, her default) and in "private" (private);
#: bob is in "lab" only. Neither owns a group.
LAB, PRIVATE = "lab", "private"
PASSWORD = "a-password-for-tests"  # noqa: S105 - of people that exist in tests only


WellsOf = Callable[[RepositorySession, int], Awaitable[list[int]]]


@dataclass(frozen=True)
class Sample:
    """Files that make ``image_count`` images; the file to open comes first."""

    folder: Path
    client_paths: tuple[str, ...]
    image_count: int

    @property
    def paths(self) -> list[Path]:
        """The files on disk."""
        return [self.folder / path for path in self.client_paths]


@dataclass(frozen=True)
class RepositoryEnv:
    """A repository with people, and files to import into it."""

    repository: Repository
    #: One image, one channel, 8 or 16 bits, with ``known`` as its full-size plane.
    single: Sample
    known: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
    #: One image made of several files.
    several: Sample
    #: A plate; None where the repository has no SCREENS.
    plate: Sample | None = None
    #: Draws ROIs on an image as alice, and returns what the repository must then list; None
    #: where nobody can draw any.
    draw_rois: Callable[[int], list[Roi]] | None = None
    #: Returns the ids of an image's wells, as the adapter keeps them.
    wells_of: WellsOf | None = None


def plan_for(
    sample: Sample, target: ContainerRef | None, group_id: int, *notes: Annotation
) -> FilesetPlan:
    """Plan the import of a sample under a fresh key."""
    files = tuple(
        PlannedFile(client_path, path.stat().st_size, sha1_of(path.read_bytes()))
        for client_path, path in zip(sample.client_paths, sample.paths, strict=True)
    )
    return FilesetPlan(uuid4().hex, "A fileset", files, target, group_id, notes)


def sha1_of(content: bytes) -> str:
    """Return the SHA-1 as lower-case hex."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


async def import_all(
    session: RepositorySession, plan: FilesetPlan, paths: Sequence[Path], *, times: int = 1
) -> Fileset:
    """Run the steps of an import, each ``times`` times, as a worker that crashes would."""
    imports = session.imports
    fileset = await imports.reserve(plan)
    for _ in range(times - 1):
        fileset = await imports.reserve(plan)
    for _ in range(times):
        await imports.store(fileset, plan, paths)
    for _ in range(times):
        await imports.verify(fileset, plan)
    for _ in range(times):
        fileset = await imports.register(fileset, plan, lambda *_: None)
    return fileset


async def group_id(repository: Repository, username: str, name: str) -> int:
    """Return the id of a person's group."""
    identity = await repository.identity(username)
    return next(group.id for group in identity.groups if group.name == name)


async def new_dataset(session: RepositorySession, name: str = "Cells") -> Container:
    """Make a dataset."""
    return await session.containers.create(ContainerKind.DATASET, name)


async def whole(session: RepositorySession, file_id: int) -> bytes:
    """Read a file."""
    return b"".join([piece async for piece in session.images.read(file_id)])
