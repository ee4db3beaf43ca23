"""Give the worker's ports their adapters; the only place that knows them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
import structlog

from transferapp.commands.allow_list import load_allow_list
from transferapp.commands.stores.sql import SqlCommandRuns
from transferapp.conversion.forms import FORMS
from transferapp.conversion.threads import choose_encoder_threads
from transferapp.errors import SettingsInvalid
from transferapp.grants.stores.sql import SqlGrants
from transferapp.host.clock import Clock, SystemClock
from transferapp.host.database import open_engine
from transferapp.host.paths import private_folder
from transferapp.ledger.stores.brought import SqlBroughtItems
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.notify.settings import NotifySettings
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.notify.wiring import Senders, open_senders
from transferapp.operations.attach_files import attach_files_kind
from transferapp.operations.bring_export import bring_export_kind
from transferapp.operations.bring_parts import BringParts, place_resource, then_bring
from transferapp.operations.command_requests import target_of
from transferapp.operations.convert_image import convert_image_kind
from transferapp.operations.convert_portion import convert_portion_kind
from transferapp.operations.describe_export import describe_export_kind
from transferapp.operations.from_archive import ArchivedFiles, once_online
from transferapp.operations.image_links import ImageLinks
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.keep_places import PlaceKeeping
from transferapp.operations.notifications import (
    NotificationRounds,
    deliver_notification_kind,
)
from transferapp.operations.prepare_export import prepare_export_kind
from transferapp.operations.run_command import CommandParts, run_command_kind
from transferapp.places.settings import load_places
from transferapp.places.wiring import open_place
from transferapp.prepared.stores.filesystem import FilesystemPrepared
from transferapp.repositories.port import Repository
from transferapp.repositories.web_pages import image_page_of
from transferapp.repositories.wiring import open_repository
from transferapp.staging.stores.filesystem import FilesystemStaging
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import DEFAULT_POOLS, QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import TaskWorker, WorkClass
from transferapp.tiers.wiring import open_tiers
from transferapp.worker.extensions import with_extensions
from transferapp.worker.housekeeping import Housekeeping, Stores
from transferapp.worker.settings import WorkerSettings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker process is made of."""

    engine: sa.Engine
    ledger: SqlLedger
    staging: FilesystemStaging
    prepared: FilesystemPrepared
    repository: Repository
    queue: DbosTaskQueue
    worker: TaskWorker
    senders: Senders
    rounds: NotificationRounds
    notify_poll_s: float
    housekeeping: Housekeeping

    async def close(self) -> None:
        """Let go of everything; the worker is stopped already."""
        await self.senders.aclose()
        await self.queue.close()
        await self.ledger.close()
        await self.repository.close()
        self.engine.dispose()


def open_parts(settings: WorkerSettings, clock: Clock | None = None) -> WorkerParts:
    """Open all parts; blocking. Raises Unavailable while the database is away."""
    clock = clock or SystemClock()
    private_folder(settings.data)
    engine = open_engine(settings.database)
    ledger = SqlLedger(engine, clock)
    staging = FilesystemStaging(settings.staging_folder)
    prepared = FilesystemPrepared(settings.prepared_folder)
    repository = open_repository(settings.repository, settings.repository_folder, clock)
    queue_settings = QueueSettings(
        limits={
            **settings.limits,
            **_command_limits(settings),
            **_place_limits(settings),
        },
        dead_after_s=settings.worker_dead_after_s,
        pools={**DEFAULT_POOLS, WorkClass.CONVERSIONS: settings.conversions},
    )
    choose_encoder_threads(settings.conversion_threads)
    notify = NotifySettings()
    senders = open_senders(notify, clock)
    deliveries = SqlDeliveries(engine, clock)
    preferences = SqlPreferenceStore(engine, clock)
    command_runs = SqlCommandRuns(engine, clock)
    brought = SqlBroughtItems(engine, clock)
    bringing = BringParts(
        ledger=ledger,
        brought=brought,
        repository=repository,
        prepared=prepared,
        offered=partial(asyncio.to_thread, load_places, settings.places_file),
        open_place=open_place,
        clock=clock,
    )
    queue = DbosTaskQueue(engine, queue_settings, clock)
    archived = ArchivedFiles(
        ledger, repository, partial(asyncio.to_thread, open_tiers, settings.recall_file)
    )
    prepares = prepare_export_kind(ledger, repository, clock)
    converts = convert_image_kind(
        ledger, prepared, repository, FORMS, portion_pixels=settings.portion_pixels
    )
    kinds = [
        import_fileset_kind(ledger, staging, repository, clock),
        attach_files_kind(ledger, staging, repository),
        then_bring(once_online(prepares, archived), ledger, queue),
        then_bring(once_online(converts, archived), ledger, queue),
        then_bring(describe_export_kind(ledger, prepared, repository, clock), ledger, queue),
        convert_portion_kind(ledger, prepared, repository, FORMS),
        once_online(bring_export_kind(bringing), archived),
        deliver_notification_kind(deliveries, preferences, senders.by_channel),
        run_command_kind(
            CommandParts(
                command_runs,
                repository,
                clock,
                partial(asyncio.to_thread, load_allow_list, settings.commands_file),
            )
        ),
    ]
    return WorkerParts(
        engine=engine,
        ledger=ledger,
        staging=staging,
        prepared=prepared,
        repository=repository,
        queue=queue,
        worker=DbosTaskWorker(engine, with_extensions(kinds), clock, queue_settings),
        senders=senders,
        rounds=NotificationRounds(
            ledger,
            deliveries,
            preferences,
            queue,
            notify.mail_digest_s,
            ImageLinks(ledger, image_page_of(repository)),
        ),
        notify_poll_s=notify.notify_poll_s,
        housekeeping=Housekeeping(
            Stores(ledger, deliveries, command_runs, SqlGrants(engine, clock)),
            queue,
            clock,
            settings.retention,
            PlaceKeeping(bringing, brought, queue),
        ),
    )


def _place_limits(settings: WorkerSettings) -> dict[str, int]:
    try:
        places = load_places(settings.places_file).places
    except SettingsInvalid as error:
        # All else goes on; every export to a place asks its person, with this sentence.
        _log.error("no places", error=error.message)
        return {}
    return {place_resource(name): place.limit for name, place in places.items()}


def _command_limits(settings: WorkerSettings) -> dict[str, int]:
    try:
        commands = load_allow_list(settings.commands_file).commands
    except SettingsInvalid as error:
        # Imports go on; every run of a command ends with this sentence.
        _log.error("no commands", error=error.message)
        return {}
    return {target_of(name): one.limit for name, one in commands.items()}
