"""Give the worker's ports their adapters; the only place that knows them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from transferapp.errors import SettingsInvalid
from transferapp.host.clock import Clock, SystemClock
from transferapp.host.database import open_engine
from transferapp.host.paths import private_folder
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.prepare_export import prepare_export_kind
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.port import Repository
from transferapp.staging.stores.filesystem import FilesystemStaging
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import TaskWorker
from transferapp.worker.settings import WorkerSettings


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker process is made of."""

    engine: sa.Engine
    ledger: SqlLedger
    repository: Repository
    queue: DbosTaskQueue
    worker: TaskWorker

    async def close(self) -> None:
        """Let go of everything; the worker is stopped already."""
        await self.queue.close()
        await self.ledger.close()
        await self.repository.close()
        self.engine.dispose()


def open_parts(settings: WorkerSettings) -> WorkerParts:
    """Open all parts; blocking. Raises Unavailable while the database is away."""
    clock = SystemClock()
    private_folder(settings.data)
    engine = open_engine(settings.database)
    ledger = SqlLedger(engine, clock)
    staging = FilesystemStaging(settings.staging_folder)
    repository = _repository(settings, clock)
    queue_settings = QueueSettings(
        limits=settings.limits, dead_after_s=settings.worker_dead_after_s
    )
    kinds = [
        import_fileset_kind(ledger, staging, repository, clock),
        prepare_export_kind(ledger, repository, clock),
    ]
    return WorkerParts(
        engine=engine,
        ledger=ledger,
        repository=repository,
        queue=DbosTaskQueue(engine, queue_settings, clock),
        worker=DbosTaskWorker(engine, kinds, clock, queue_settings),
    )


def _repository(settings: WorkerSettings, clock: Clock) -> Repository:
    if settings.repository == "local":
        return LocalRepository(settings.repository_folder, clock)
    raise SettingsInvalid(
        f"TRANSFERAPP_REPOSITORY: '{settings.repository}' is not known. Use 'local'."
    )
