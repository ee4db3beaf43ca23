"""What a server is made of: the one place here where ports get their adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from transferapp.commands.allow_list import load_allow_list
from transferapp.commands.stores.sql import SqlCommandRuns
from transferapp.grants.signing import Signing, signing_keys
from transferapp.grants.stores.sql import SqlGrants
from transferapp.host.clock import Clock, SystemClock
from transferapp.host.database import open_engine
from transferapp.host.paths import private_folder
from transferapp.ledger.stores.brought import SqlBroughtItems
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.skips import skips_of
from transferapp.notify.settings import NotifySettings
from transferapp.notify.stores.inbox import SqlInbox
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.notify.wiring import Senders, open_senders
from transferapp.operations.command_requests import CommandRequests
from transferapp.operations.export_summary import ExportSummaries
from transferapp.operations.exports import ExportRequests
from transferapp.operations.formats import Formats
from transferapp.operations.imports import ImportRequests
from transferapp.operations.notification_preferences import NotificationPreferences
from transferapp.operations.path_lists import PathLists
from transferapp.operations.places import PlaceOffers
from transferapp.operations.receipt_check import ReceiptChecks
from transferapp.operations.receipts import Receipts
from transferapp.operations.send_anew import SendingAnew
from transferapp.operations.sessions import Sessions
from transferapp.operations.signed_urls import SignedUrls
from transferapp.operations.transfers import TransferControl
from transferapp.places.settings import load_places
from transferapp.prepared.stores.filesystem import FilesystemPrepared
from transferapp.receipts.key_file import read_keys
from transferapp.repositories.port import Repository
from transferapp.repositories.wiring import open_repository
from transferapp.server.parts import Parts
from transferapp.server.settings import ServerSettings
from transferapp.staging.stores.filesystem import FilesystemStaging
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.tiers.wiring import open_tiers


@asynccontextmanager
async def open_parts(settings: ServerSettings) -> AsyncIterator[Parts]:
    """Open everything a server needs and close it afterwards.

    Raises SettingsInvalid, Unavailable when the database cannot be reached.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(private_folder, settings.data)
        engine = open_engine(settings.database)
        stack.callback(engine.dispose)
        ledger = await asyncio.to_thread(SqlLedger, engine, clock)
        stack.push_async_callback(ledger.close)
        queue = DbosTaskQueue(engine)
        stack.push_async_callback(queue.close)
        repository = open_repository(
            settings.repository, settings.repository_folder, clock, for_people=True
        )
        stack.push_async_callback(repository.close)
        staging = await asyncio.to_thread(
            FilesystemStaging, settings.staging_folder, settings.reserve_bytes
        )
        prepared = await asyncio.to_thread(FilesystemPrepared, settings.prepared_folder)
        senders = open_senders(NotifySettings(), clock)
        stack.push_async_callback(senders.aclose)
        opened = (ledger, queue, repository, staging, prepared, senders)
        yield await _parts(settings, clock, engine, opened)


async def _parts(
    settings: ServerSettings,
    clock: Clock,
    engine: sa.Engine,
    opened: tuple[
        SqlLedger, DbosTaskQueue, Repository, FilesystemStaging, FilesystemPrepared, Senders
    ],
) -> Parts:
    ledger, queue, repository, staging, prepared, senders = opened
    grants = await asyncio.to_thread(SqlGrants, engine, clock)
    offered = partial(asyncio.to_thread, load_places, settings.places_file)
    places = PlaceOffers(
        offered,
        await asyncio.to_thread(SqlBroughtItems, engine, clock),
    )
    preferences = await asyncio.to_thread(SqlPreferenceStore, engine, clock)
    keys = await asyncio.to_thread(signing_keys, settings.signing_keys_file)
    await asyncio.to_thread(read_keys, settings.receipt_keys_file)
    formats = Formats(repository, unknown_allowed=settings.import_unknown)
    return Parts(
        ledger=ledger,
        grants=grants,
        staging=staging,
        queue=queue,
        repository=repository,
        clock=clock,
        settings=settings,
        sessions=Sessions(repository, grants),
        signed_urls=SignedUrls(
            repository,
            grants,
            Signing(keys, settings.repository),
            clock,
            usual=timedelta(seconds=settings.signed_url_s),
            most=timedelta(seconds=settings.signed_url_most_s),
        ),
        formats=formats,
        imports=ImportRequests(
            ledger,
            staging,
            queue,
            grants,
            repository,
            formats,
            may_skip=skips_of(settings.import_skip),
        ),
        sending_anew=SendingAnew(ledger, staging, repository),
        exports=ExportRequests(ledger, queue, grants, repository, prepared, places),
        export_summaries=ExportSummaries(
            repository,
            prepared,
            ledger,
            places,
            partial(asyncio.to_thread, open_tiers, settings.recall_file),
        ),
        path_lists=PathLists(repository, offered),
        places=places,
        transfers=TransferControl(ledger, queue, staging, prepared),
        receipts=Receipts(ledger, repository, settings.receipt_keys_file),
        receipt_checks=ReceiptChecks(repository),
        notifications=NotificationPreferences(
            preferences, senders.mail, clock, senders.by_channel
        ),
        inbox=SqlInbox(engine, clock),
        commands=CommandRequests(
            await asyncio.to_thread(SqlCommandRuns, engine, clock),
            queue,
            queue,
            repository,
            partial(asyncio.to_thread, load_allow_list, settings.commands_file),
        ),
    )
