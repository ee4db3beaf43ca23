"""A row that cannot be read costs itself: events, notifications and leftovers go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.integration.test_housekeeping import Env
from tests.support.import_env import ImportEnv
from tests.support.postgres import postgres_server, url
from transferapp.host import sparing
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.host.resources import resource
from transferapp.ledger.port import ItemChange
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState
from transferapp.notify.port import NotificationChannel, Preferences
from transferapp.testing.ledger_suite import an_import, seal_all
from transferapp.testing.memory_queue import MemoryTaskQueue
from transferapp.testing.moves import PUT
from transferapp.worker.leftovers import discard_leftovers, queue_leftovers

__all__ = ["postgres_server", "url"]


@pytest.fixture(autouse=True)
def nothing_reported() -> None:
    sparing._reported.clear()


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    env = Env(tmp_path)
    await env.rounds.begin()
    yield env
    await env.ledger.close()
    env.engine.dispose()


def damage(engine: sa.Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement), values).rowcount > 0


async def test_events_that_cannot_be_read_do_not_hold_up_the_others(url: str) -> None:
    engine = open_engine(url)
    ledger = SqlLedger(engine, SystemClock())
    for _ in range(6):
        await ledger.publish("ada", EventKind.INBOX_CHANGED)
    first = await ledger.first_event_id()
    damage(engine, "UPDATE ledger_events SET kind = 'sung' WHERE id <= :upto", upto=first + 3)
    if engine.dialect.name == "postgresql":
        time = "UPDATE ledger_events SET created_at = 'infinity' WHERE id = :id"
    else:
        time = "UPDATE ledger_events SET created_at = 'soon' WHERE id = :id"
    damage(engine, time, id=first + 4)
    # By pages of two: two whole pages hold nothing that can be read.
    events = await ledger.events(None, first - 1, 2)
    assert [event.id for event in events] == [first + 5]
    assert await ledger.events("ada", first + 5, 2) == []
    await ledger.close()
    engine.dispose()


async def test_one_persons_damaged_preferences_silence_nobody(env: Env) -> None:
    await env.preferences.put(Preferences("ada"))
    damage(env.engine, "UPDATE notify_preference SET channels = '[\"inbox'")
    await env.problem("of ada")
    with capture_logs() as logs:
        await env.rounds.round()
        await env.rounds.round()
    assert len(await env.inbox.entries("ada")) == 1, "the inbox is the default"
    assert [e["what"] for e in logs] == ["wishes of a person cannot be read"]
    await env.preferences.put(
        Preferences("ada", channels=frozenset({NotificationChannel.MAIL}))
    )
    assert (await env.preferences.get("ada")).channels == {NotificationChannel.MAIL}


async def test_a_batch_that_cannot_be_queued_keeps_no_other_waiting(env: Env) -> None:
    preferences = Preferences(
        "ada",
        channels=frozenset({NotificationChannel.WEBHOOK}),
        webhook_url="https://[broken",
        webhook_secret="whsec_AAAA",
    )
    await env.preferences.put(preferences)
    await env.problem("one")
    await env.problem("two")
    await env.rounds.round()
    await env.rounds.round()
    assert len(await env.queue.tasks()) == 2, "their tasks say what is wrong"
    await env.problem("three")
    await env.problem("four")
    await env.deliveries.record(0, 0, [])
    await env.rounds._record_page()
    damage(env.engine, "UPDATE notify_delivery SET channel = 'pigeon' WHERE id = 3")
    await env.rounds.round()
    await env.rounds.round()
    assert len(await env.queue.tasks()) == 3


async def test_an_item_that_cannot_be_read_keeps_no_other_from_the_queue(env: Env) -> None:
    details = await env.ledger.add(an_import(items=3))
    await seal_all(env.ledger, details)
    odd, *good = details.items
    damage(env.engine, "UPDATE ledger_items SET image_ids = '[' WHERE id = :id", id=odd.id)
    queue = MemoryTaskQueue()
    assert await queue_leftovers(env.ledger, queue) == 2
    assert {task.id for task in await queue.tasks()} == {item.id for item in good}


async def test_a_transfer_that_cannot_be_read_is_left_out_of_lists(env: Env) -> None:
    odd = await env.ledger.add(an_import(key="a"))
    good = await env.ledger.add(an_import(key="b"))
    damage(
        env.engine,
        "UPDATE ledger_transfers SET states = '{\"lost\": 1}' WHERE id = :id",
        id=odd.transfer.id,
    )
    listed = await env.ledger.transfers(odd.transfer.owner)
    assert [one.id for one in listed] == [good.transfer.id]


async def test_staged_files_are_swept_past_one_that_cannot_be(tmp_path: Path) -> None:
    env = ImportEnv(tmp_path)
    await env.open()
    try:
        cell = resource("sample-data", "png-cells") / "cell.png"
        details = []
        for name in ("a.png", "b.png"):
            (tmp_path / name).write_bytes(cell.read_bytes())
            details.append(await env.add_import([tmp_path / name]))
        for one in details:
            await env.ledger.move(one.items[0].id, PUT, ItemChange(ItemState.CANCELLED))
        odd = min(file.id for one in details for file in one.files)
        damage(
            env.engine,
            "UPDATE ledger_items SET state = 'resting' WHERE id ="
            " (SELECT item_id FROM ledger_files WHERE id = :id)",
            id=odd,
        )
        assert await discard_leftovers(env.ledger, env.staging) == 1
        assert await env.staging.ids() == [odd]
    finally:
        await env.close()
