"""Ledger, staging and local repository in one folder, with imports ready to be run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from typing_extensions import override

from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.ledger.port import NewTransfer, PlannedItem, PlannedTransferFile
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.identity import GroupPermissions
from transferapp.model.image_annotations import ImageAnnotations
from transferapp.model.images import Annotation
from transferapp.model.restoring import RestoredItem
from transferapp.model.transfers import ItemRole, TransferDetails, TransferKind
from transferapp.prepared.stores.filesystem import FilesystemPrepared
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.port import Attachments, Imports, RepositorySession
from transferapp.repositories.restoring.port import Restoring
from transferapp.staging.stores.filesystem import FilesystemStaging

OWNER = "ada"


class FaultyPart:
    """Passes calls on, counts them, and raises what a test put in their way."""

    def __init__(self, inner: Imports | Attachments | Restoring, env: ImportEnv) -> None:
        """Stand before ``inner``."""
        self._inner = inner
        self._env = env

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*arguments: Any) -> Any:
            self._env.calls[name] += 1
            waiting = self._env.faults.get(name, [])
            if waiting:
                raise waiting.pop(0)
            result = await method(*arguments)
            after = self._env.after.get(name)
            if after is not None:
                await after()
            return result

        return call


class FaultySession:
    """A session whose imports and attachments are faulty on demand."""

    def __init__(self, inner: RepositorySession, env: ImportEnv) -> None:
        """Stand before ``inner``."""
        self._inner = inner
        self.imports = FaultyPart(inner.imports, env)
        self.restoring = FaultyPart(inner.restoring, env)
        self.attachments = FaultyPart(inner.attachments, env)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class FaultyRepository(LocalRepository):
    """The local repository with faults."""

    env: ImportEnv

    @override
    @asynccontextmanager
    async def session(
        self, username: str, group_id: int | None = None
    ) -> AsyncIterator[RepositorySession]:
        """Open a session; a test may forbid it."""
        self.env.calls["session"] += 1
        waiting = self.env.faults.get("session", [])
        if waiting:
            raise waiting.pop(0)
        async with super().session(username, group_id) as inner:
            yield cast("RepositorySession", FaultySession(inner, self.env))


class ImportEnv:
    """All that an import needs, below one folder."""

    def __init__(self, folder: Path) -> None:
        """Open everything in ``folder``."""
        clock = SystemClock()
        self.folder = folder
        self.engine = open_engine(sqlite_url(folder / "transferapp.db"))
        self.ledger = SqlLedger(self.engine, clock)
        self.staging = FilesystemStaging(folder / "staging")
        self.prepared = FilesystemPrepared(folder / "prepared")
        self.repository = FaultyRepository(folder / "repository", clock)
        self.repository.env = self
        #: How often each method of imports and attachments was called.
        self.calls: Counter[str] = Counter()
        #: Errors to raise, first come first served, by method.
        self.faults: dict[str, list[Exception]] = {}
        #: Called after a method worked.
        self.after: dict[str, Any] = {}
        self.target: Container | None = None

    async def open(self) -> None:
        """Make the person, the group and the dataset."""
        people = Administration(self.folder / "repository")
        await people.add_experimenter(OWNER, "Ada Lovelace", "secret-Ada")
        await people.add_group("lab", GroupPermissions.READ_ANNOTATE)
        await people.add_member(OWNER, "lab")
        async with self.repository.session(OWNER) as session:
            self.target = await session.containers.create(ContainerKind.DATASET, "Monday")
        self.calls.clear()

    async def close(self) -> None:
        """Close everything."""
        await self.repository.close()
        await self.ledger.close()
        self.engine.dispose()

    async def add_import(  # noqa: PLR0913 - all that an item can have
        self,
        paths: Sequence[Path],
        *,
        target: ContainerRef | None = None,
        seal: bool = True,
        role: ItemRole = ItemRole.FILESET,
        image_annotations: tuple[ImageAnnotations, ...] = (),
        annotations: tuple[Annotation, ...] = (),
        asked_by: str = "",
        restored: RestoredItem | None = None,
    ) -> TransferDetails:
        """Add a transfer of one item with these files, staged and sealed."""
        assert self.target is not None
        files = tuple(PlannedTransferFile(p.name, p.stat().st_size) for p in paths)
        details = await self.ledger.add(
            NewTransfer(
                kind=TransferKind.IMPORT,
                name=paths[0].name,
                owner=OWNER,
                request_key=f"key-{paths[0]}",
                items=(
                    PlannedItem(
                        paths[0].name,
                        files,
                        role=role,
                        image_annotations=image_annotations,
                        restored=restored,
                    ),
                ),
                target=target or self.target.ref,
                target_name=self.target.name,
                group_id=self.target.group_id,
                annotations=annotations,
                asked_by=asked_by,
            )
        )
        for file, path in zip(details.files, paths, strict=True):
            if seal:
                await self._stage(file.id, path.read_bytes())
        return await self.ledger.details(details.transfer.id)

    async def restage(self, file_id: str, content: bytes) -> None:
        """Bring bytes into the staging that were discarded there."""
        await self.staging.create(file_id, len(content))
        part = await self.staging.open_part(file_id, 0)
        await part.write([content])
        await part.commit()
        await self.staging.seal(file_id)

    async def _stage(self, file_id: str, content: bytes) -> None:
        await self.restage(file_id, content)
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        await self.ledger.file_sealed(file_id, sha1)
