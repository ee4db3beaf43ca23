"""A worker forgets what is old, and finds what a killed server left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from tests.support.import_env import ImportEnv
from tests.support.rest_server import (
    RestServer,
    server,
    submitted,
)
from transferapp.client.events import follow_events
from transferapp.commands.port import Change, NewRun, OutputPiece, RunState
from transferapp.commands.stores.sql import SqlCommandRuns
from transferapp.errors import GrantRefused, Unavailable
from transferapp.grants.port import Scope
from transferapp.grants.stores import sql as grants_store
from transferapp.grants.stores.sql import SqlGrants
from transferapp.host.database import open_engine, sqlite_url
from transferapp.host.resources import resource
from transferapp.ledger.port import ItemChange
from transferapp.ledger.stores.brought import SqlBroughtItems
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.transfers import ItemState
from transferapp.notify.port import NotificationChannel, Preferences
from transferapp.notify.stores import deliveries as deliveries_store
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.notify.stores.inbox import SqlInbox
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.operations.bring_parts import BringParts
from transferapp.operations.keep_places import PlaceKeeping
from transferapp.operations.notifications import NotificationRounds
from transferapp.places.settings import load_places
from transferapp.places.wiring import open_place
from transferapp.testing.ledger_suite import PROBLEM, an_import, seal_all
from transferapp.testing.memory_queue import MemoryTaskQueue
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT
from transferapp.worker import app
from transferapp.worker.housekeeping import Housekeeping, Retention, Stores, maintaining
from transferapp.worker.settings import WorkerSettings

__all__ = ["server"]

KEPT = Retention(
    events_days=30,
    notifications_days=180,
    transfers_days=0,
    command_runs_days=0,
    grants_days=30,
)


class Env:
    """What a worker keeps house in."""

    def __init__(self, folder: Path) -> None:
        self.clock = MovedClock()
        self.engine = open_engine(sqlite_url(folder / "transferapp.db"))
        self.ledger = SqlLedger(self.engine, self.clock)
        self.deliveries = SqlDeliveries(self.engine, self.clock)
        self.preferences = SqlPreferenceStore(self.engine, self.clock)
        self.inbox = SqlInbox(self.engine, self.clock)
        self.runs = SqlCommandRuns(self.engine, self.clock)
        self.grants = SqlGrants(self.engine, self.clock)
        self.queue = MemoryTaskQueue(clock=self.clock)
        self.rounds = NotificationRounds(
            self.ledger, self.deliveries, self.preferences, self.queue, 0.0
        )

    def env(self, retention: Retention = KEPT) -> Housekeeping:
        stores = Stores(self.ledger, self.deliveries, self.runs, self.grants)
        brought = SqlBroughtItems(self.engine, self.clock)
        parts = BringParts(
            ledger=self.ledger,
            brought=brought,
            repository=cast("Any", None),
            prepared=cast("Any", None),
            offered=partial(asyncio.to_thread, load_places, None),
            open_place=open_place,
            clock=self.clock,
        )
        places = PlaceKeeping(parts, brought, self.queue)
        return Housekeeping(stores, self.queue, self.clock, retention, places)

    async def problem(self, key: str) -> None:
        details = await self.ledger.add(an_import(key=key, items=1))
        change = ItemChange(ItemState.NEEDS_ATTENTION, trouble=PROBLEM)
        await self.ledger.move(details.items[0].id, PUT, change)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    env = Env(tmp_path)
    await env.rounds.begin()
    yield env
    await env.ledger.close()
    env.engine.dispose()


async def test_events_are_forgotten_when_they_are_old_and_reported(env: Env) -> None:
    await env.problem("told")
    for _ in range(2):  # The second looks at what the first told the inbox's windows.
        await env.rounds.round()
    reported = await env.ledger.last_event_id()
    await env.problem("not told yet")
    env.clock.advance(days=31)
    await env.env().round()
    assert await env.ledger.first_event_id() == reported + 1
    await env.rounds.round()
    assert len(await env.inbox.entries("ada")) == 2, "the second is told after all"


async def test_young_events_are_kept(env: Env) -> None:
    await env.problem("young")
    await env.rounds.round()
    env.clock.advance(days=29)
    await env.env().round()
    assert await env.ledger.first_event_id() == 1


async def test_notifications_are_forgotten_when_nothing_more_is_due(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inbox, what was sent, what failed for good; not what still waits."""
    monkeypatch.setattr(deliveries_store, "_PAGE", 1)
    channels = frozenset({NotificationChannel.INBOX, NotificationChannel.MAIL})
    preferences = Preferences("ada", channels, address="a@example.org", address_verified=True)
    await env.preferences.put(preferences)
    batches = []
    for number in range(3):
        await env.problem(f"trouble {number}")
        await env.rounds.round()
        batches += [one for one in env.queue.entries if one not in batches]
    sent, failed, waits = batches
    await env.deliveries.sent(sent)
    await env.deliveries.failed(failed, "No such mailbox.")
    env.clock.advance(days=179)
    await env.env().round()
    assert len(await env.inbox.entries("ada")) == 3
    env.clock.advance(days=2)
    await env.env().round()
    assert await env.inbox.entries("ada") == []
    assert await env.deliveries.batch(failed) is None
    assert await env.deliveries.batch(waits) is not None


async def test_transfers_are_kept_unless_it_is_set(env: Env) -> None:
    details = await env.ledger.add(an_import(items=1))
    await env.ledger.move(details.items[0].id, PUT, ItemChange(ItemState.IMPORTED))
    env.clock.advance(days=4000)
    await env.env().round()
    assert len(await env.ledger.transfers("ada")) == 1
    await env.env(replace(KEPT, transfers_days=365)).round()
    assert await env.ledger.transfers("ada") == []


async def test_command_runs_are_forgotten_as_it_is_set(env: Env) -> None:
    """0 keeps them for ever; one that has not ended stays in any case."""
    for name in ("ended", "running"):
        await env.runs.add(NewRun(name, "report", "ada", {}))
        await env.runs.begin(name, "t", attempts=1)
    await env.runs.append("ended", "t", OutputPiece(0, b"x"))
    await env.runs.attempt_ended("ended", "t", Change(RunState.DONE, 0))
    env.clock.advance(days=91)
    await env.env().round()
    assert len(await env.runs.runs()) == 2
    ninety = WorkerSettings(keep_command_runs_days=92).retention
    await env.env(ninety).round()
    assert len(await env.runs.runs()) == 2
    await env.env(WorkerSettings().retention).round()
    assert [one.id for one in await env.runs.runs()] == ["running"]
    assert await env.runs.output("ended") == b""


async def test_expired_grants_are_forgotten_after_a_while(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants_store, "_PAGE", 2)
    expired = [await env.grants.mint(Scope.SESSION, "ada", timedelta(days=1)) for _ in range(5)]
    alive = await env.grants.mint(Scope.TRANSFER, "ada", timedelta(days=90))
    env.clock.advance(days=30)
    await env.env().round()
    assert len(await env.grants.owned_by("ada")) == 6, "its owner still sees it"
    env.clock.advance(days=2)
    await env.env().round()
    assert [one.id for one in await env.grants.owned_by("ada")] == [alive.grant.id]
    with pytest.raises(GrantRefused):
        await env.grants.check(expired[0].token)


async def test_what_a_killed_server_received_is_queued(env: Env) -> None:
    """Between the last seal and the queue; what is in the queue is left alone."""
    left = await env.ledger.add(an_import(key="left", items=1))
    await seal_all(env.ledger, left)
    part = await env.ledger.add(an_import(key="part", items=1))
    await env.ledger.file_sealed(part.files[0].id, "b" * 40)
    await env.env().round()
    assert list(env.queue.entries) == [left.items[0].id]


async def test_a_chore_that_fails_keeps_no_other_from_being_done(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> int:
        raise Unavailable

    async def broken(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(env.ledger, "items_in", away)
    monkeypatch.setattr(env.ledger, "forget_events", broken)
    await env.problem("told")
    await env.rounds.round()
    env.clock.advance(days=200)
    with capture_logs() as reported:
        await env.env().round()
    assert [(line["chore"], line["event"]) for line in reported] == [
        ("leftovers", "housekeeping waits"),
        ("events", "housekeeping failed"),
        ("notifications", "housekeeping done"),
    ]


async def test_rounds_go_on(env: Env) -> None:
    left = await env.ledger.add(an_import(items=1))
    async with maintaining(env.env(), 0.01), asyncio.timeout(60):
        await asyncio.sleep(0.05)
        await seal_all(env.ledger, left)
        while not env.queue.entries:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_running_worker_finds_it(tmp_path: Path) -> None:
    """The server is killed while the worker goes on: nobody has to start that again."""
    env = ImportEnv(tmp_path)
    await env.open()
    stop = asyncio.Event()
    settings = WorkerSettings(data=tmp_path, housekeeping_s=0.1)
    working = asyncio.create_task(app.run(settings, stop))
    await asyncio.sleep(0.5)
    details = await env.add_import([resource("sample-data", "png-cells") / "cell.png"])
    async with asyncio.timeout(60):
        while (await env.ledger.item(details.items[0].id)).verified is False:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    stop.set()
    await working
    await env.close()


async def test_a_client_that_was_away_for_too_long_is_reported(server: RestServer) -> None:
    """It reads its lists anew, and goes on with what is kept."""
    ada = await server.signed_in()
    await submitted(ada, 1)
    ledger = server.parts.ledger
    seen = await ledger.last_event_id()
    for _ in range(2):
        await submitted(ada, 1)
    await ledger.forget_events(server.parts.clock.now(), 10**9)
    kept = await ledger.first_event_id()
    assert kept > seen + 1
    reported: list[str] = []
    following = follow_events(
        ada,
        seen,
        on_open=lambda after: reported.append(f"open {after}"),
        on_missed=lambda: reported.append("missed"),
    )
    async with aclosing(following):
        event = await anext(following)
    assert event.id == kept
    assert reported == [f"open {kept - 1}", "missed"]
    following = follow_events(ada, kept - 1, on_missed=lambda: reported.append("again"))
    async with aclosing(following):
        assert (await anext(following)).id == kept
    assert reported[2:] == [], "who has noted the place is told once"


@pytest.mark.parametrize("behind", [0, 1])
async def test_a_client_that_missed_nothing_is_not(server: RestServer, behind: int) -> None:
    """It has seen all, or all but the oldest that is kept."""
    ada = await server.signed_in()
    for _ in range(2):
        await submitted(ada, 1)
    ledger = server.parts.ledger
    await ledger.forget_events(server.parts.clock.now(), 10**9)
    kept = await ledger.first_event_id()
    reported: list[str] = []
    stream = ada.events(kept - behind, on_missed=lambda: reported.append("missed"))
    async with aclosing(stream):
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.3)
        await submitted(ada, 1)
        assert (await waiting).id >= kept
    assert reported == []
