"""People are told once: from the ledger's events to a real mail server and receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.receivers import HookEnv, MailEnv, hook_server, mail_server
from transferapp.errors import Busy, Invalid, StateConflict, Unavailable
from transferapp.host.database import open_engine, sqlite_url
from transferapp.ledger.port import ItemChange, NewTransfer, PlannedItem, PlannedTransferFile
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.transfers import ItemProblem, ItemState, TransferDetails, TransferKind
from transferapp.notify.notifiers.mail import Mail
from transferapp.notify.notifiers.webhook import Webhook
from transferapp.notify.port import NotificationChannel
from transferapp.notify.settings import Encryption, SmtpSettings
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.notify.stores.inbox import SqlInbox
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.notify.webhooks import signature
from transferapp.operations.image_links import ImageLinks
from transferapp.operations.notification_preferences import (
    MAX_CODES,
    MAX_TRIALS,
    MAX_TRIES,
    NotificationPreferences,
)
from transferapp.operations.notifications import NotificationRounds, deliver_notification_kind
from transferapp.protocol.messages import NotificationChanges
from transferapp.taskqueue.port import TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT

ADDRESS = "ada@example.org"


class Env:
    """Ledger, deliveries, senders and a queue around two real receivers."""

    def __init__(self, folder: Path, mails: MailEnv, hooks: HookEnv) -> None:
        self.clock = MovedClock()
        self.engine = open_engine(sqlite_url(folder / "transferapp.db"))
        self.ledger = SqlLedger(self.engine, self.clock)
        self.deliveries = SqlDeliveries(self.engine, self.clock)
        self.inbox = SqlInbox(self.engine, self.clock)
        self.mails, self.hooks = mails, hooks
        smtp = SmtpSettings(host="127.0.0.1", port=mails.port, encryption=Encryption.NONE)
        mail = Mail(smtp, self.clock)
        self.webhook = Webhook(self.clock, allow_private=True)
        store = SqlPreferenceStore(self.engine, self.clock)
        senders = {NotificationChannel.MAIL: mail, NotificationChannel.WEBHOOK: self.webhook}
        self.preferences = NotificationPreferences(store, mail, self.clock, senders)
        self.queue = MemoryTaskQueue(clock=self.clock)
        kind = deliver_notification_kind(self.deliveries, store, senders)
        self.worker = MemoryTaskWorker(self.queue, [kind])
        self.store = store
        self.rounds = self.follower(60.0)

    def follower(self, mail_delay_s: float) -> NotificationRounds:
        return NotificationRounds(
            self.ledger, self.deliveries, self.store, self.queue, mail_delay_s
        )

    async def add(self, items: int = 1, name: str = "Monday") -> TransferDetails:
        planned = tuple(
            PlannedItem(f"cell {n}", (PlannedTransferFile(f"{n}.tif", 1),))
            for n in range(items)
        )
        return await self.ledger.add(
            NewTransfer(TransferKind.IMPORT, name, "ada", f"{name}-{items}", planned)
        )

    async def finish(self, details: TransferDetails) -> None:
        for item in details.items:
            await self.ledger.move(item.id, PUT, ItemChange(ItemState.IMPORTED))

    async def verified(self, *channels: str) -> str:
        """Switch channels on, prove the address; returns the webhook's secret."""
        preferences = NotificationChanges.model_validate(
            {"channels": list(channels), "address": ADDRESS, "webhook_url": self.hooks.url}
        )
        made = await self.preferences.put("ada", preferences)
        await self.preferences.verify("ada", self.code())
        self.mails.mails.clear()
        return made.webhook_secret

    def code(self) -> str:
        text = self.mails.mails[-1].get_content()
        return str(text).split(" is ")[1].split()[0]

    async def settled(self) -> None:
        async def done() -> bool:
            tasks = await self.queue.tasks()
            return all(t.state in {TaskState.DONE, TaskState.DEAD} for t in tasks)

        await until(done)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    async with AsyncExitStack() as stack:
        mails = await stack.enter_async_context(mail_server())
        hooks = await stack.enter_async_context(hook_server())
        env = Env(tmp_path, mails, hooks)
        stack.callback(env.engine.dispose)
        stack.push_async_callback(env.ledger.close)
        await env.rounds.begin()
        await stack.enter_async_context(env.webhook)
        await env.worker.start()
        stack.push_async_callback(env.worker.stop)
        yield env


async def test_each_channel_reports_an_end_once(env: Env) -> None:
    secret = await env.verified("inbox", "mail", "webhook")
    details = await env.add()
    await env.finish(details)
    for _ in range(3):
        await env.rounds.round()
    env.clock.advance(seconds=61)
    for _ in range(3):
        await env.rounds.round()
    await env.settled()
    (entry,) = await env.inbox.entries("ada")
    assert (entry.notable.title, entry.notable.text) == ("Imported: Monday", "1 imported")
    (mail,) = env.mails.mails
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Imported: Monday")
    ((headers, body),) = env.hooks.posts
    message_id, at = headers["webhook-id"], headers["webhook-timestamp"]
    assert headers["webhook-signature"] == signature(secret, message_id, at, body)
    assert json.loads(body)["data"]["transfer_id"] == details.transfer.id
    assert secret.encode() not in body
    assert await env.inbox.entries("bob") == []


async def test_the_end_of_an_import_links_to_its_images(env: Env) -> None:
    await env.verified("inbox", "mail", "webhook")
    page = "https://omero.example.org/webclient/?show=image-{id}"
    env.rounds = NotificationRounds(
        env.ledger, env.deliveries, env.store, env.queue, 60.0, ImageLinks(env.ledger, page)
    )
    details = await env.add(3)
    for number, item in enumerate(details.items):
        ids = tuple(range(number * 10, number * 10 + 5))
        change = ItemChange(ItemState.IMPORTED, image_ids=ids)
        await env.ledger.move(item.id, PUT, change)
    await env.rounds.round()
    env.clock.advance(seconds=61)
    await env.rounds.round()
    await env.settled()
    wanted = [page.format(id=number) for number in (*range(5), *range(10, 15))]
    (entry,) = await env.inbox.entries("ada")
    assert list(entry.notable.links) == wanted
    (mail,) = env.mails.mails
    assert [line.strip() for line in mail.get_content().splitlines()][2:12] == wanted
    ((_, body),) = env.hooks.posts
    assert json.loads(body)["data"]["links"] == wanted


async def test_many_transfers_are_one_mail(env: Env) -> None:
    await env.verified("mail")
    for number in range(20):
        await env.finish(await env.add(name=f"Run {number}"))
    await env.rounds.round()
    assert env.mails.mails == []
    env.clock.advance(seconds=61)
    await env.rounds.round()
    await env.settled()
    (mail,) = env.mails.mails
    assert mail["Subject"] == "20 transfers ended"
    lines = mail.get_content().splitlines()
    assert all(f"Imported: Run {number}" in lines for number in range(20))


async def test_problems_of_a_transfer_are_one_notification(env: Env) -> None:
    details = await env.add(12)
    problem = ItemProblem("vanished-file", "The file is gone", "Put it back.")
    for item in details.items:
        change = ItemChange(ItemState.NEEDS_ATTENTION, trouble=problem)
        await env.ledger.move(item.id, PUT, change)
        await env.rounds.round()
    (entry,) = await env.inbox.entries("ada")
    assert entry.notable.count == 12


async def test_two_followers_report_once(env: Env) -> None:
    other = env.follower(0.0)
    await env.verified("inbox", "webhook")
    for number in range(10):
        await env.finish(await env.add(name=f"Run {number}"))
        await asyncio.gather(*(r.round() for r in (env.rounds, other, env.rounds, other)))
    await env.settled()
    assert len(await env.inbox.entries("ada")) == 10
    assert len(env.hooks.posts) == 10


async def test_nothing_is_mailed_before_the_address_is_proved(env: Env) -> None:
    preferences = NotificationChanges(channels=["mail"], address=ADDRESS)
    await env.preferences.put("ada", preferences)
    code = env.code()
    env.mails.mails.clear()
    await env.finish(await env.add())
    env.clock.advance(seconds=61)
    await env.rounds.round()
    assert env.mails.mails == []
    with pytest.raises(Invalid):
        await env.preferences.verify("ada", "00000000" if code != "00000000" else "1")
    with pytest.raises(Invalid):
        await env.preferences.verify("bob", code)
    assert (await env.preferences.verify("ada", code)).address_verified
    with pytest.raises(Invalid):
        await env.preferences.verify("ada", code)
    moved = preferences.model_copy(update={"address": "other@example.org"})
    assert not (await env.preferences.put("ada", moved)).address_verified


async def test_codes_cannot_be_guessed_or_flood_an_address(env: Env) -> None:
    preferences = NotificationChanges(channels=["mail"], address=ADDRESS)
    await env.preferences.put("ada", preferences)
    for _ in range(MAX_TRIES):
        with pytest.raises(Invalid):
            await env.preferences.verify("ada", "wrong")
    with pytest.raises(Invalid):
        await env.preferences.verify("ada", env.code())
    for _ in range(MAX_CODES - 1):
        await env.preferences.put("ada", preferences)
    with pytest.raises(Busy):
        await env.preferences.put("ada", preferences)
    assert len(env.mails.mails) == MAX_CODES
    env.clock.advance(hours=1.1)
    with pytest.raises(Invalid):
        await env.preferences.verify("ada", env.code())


async def test_receivers_that_are_away_are_asked_again_under_the_same_id(
    env: Env,
) -> None:
    await env.verified("mail", "webhook")
    env.mails.answers = ["451 later"]
    env.hooks.answers = [503, 429]
    await env.finish(await env.add())
    await env.rounds.round()
    env.clock.advance(seconds=61)
    await env.rounds.round()

    async def all_here() -> bool:
        env.clock.advance(seconds=30)
        return len(env.mails.mails) == 1 and len(env.hooks.posts) == 3

    await until(all_here)
    assert len({headers["webhook-id"] for headers, _ in env.hooks.posts}) == 1


async def test_a_refused_webhook_ends_dead_and_can_be_redriven(env: Env) -> None:
    await env.verified("webhook")
    env.hooks.answers = [404]
    await env.finish(await env.add())
    await env.rounds.round()
    await env.settled()
    (task,) = await env.queue.tasks()
    assert (task.state, task.error_code) == (TaskState.DEAD, "invalid")
    await env.queue.redrive(task.id)
    await env.settled()
    assert len(env.hooks.posts) == 2
    assert await env.deliveries.batch(task.id) is None


async def test_a_webhook_cannot_reach_our_own_network(env: Env) -> None:
    await env.verified("webhook")
    await env.worker.stop()
    await env.finish(await env.add())
    await env.rounds.round()
    (task,) = await env.queue.tasks()
    batch = await env.deliveries.batch(task.id)
    assert batch is not None
    async with Webhook(env.clock) as careful:
        with pytest.raises(Invalid, match="own network"):
            await careful.send(batch, await env.preferences.get("ada"))
    assert env.hooks.posts == []


async def test_only_the_chosen_topics_are_mailed_and_posted(env: Env) -> None:
    await env.verified("inbox", "webhook")
    preferences = NotificationChanges(
        channels=["inbox", "webhook"],
        address=ADDRESS,
        webhook_url=env.hooks.url,
        topics=["cancelled", "attention"],
    )
    assert (await env.preferences.put("ada", preferences)).topics == {
        "cancelled",
        "attention",
    }
    await env.finish(await env.add())
    cancelled = await env.add(name="Tuesday")
    for item in cancelled.items:
        await env.ledger.move(item.id, PUT, ItemChange(ItemState.CANCELLED))
    await env.rounds.round()
    await env.settled()
    titles = [json.loads(body)["data"]["title"] for _headers, body in env.hooks.posts]
    assert titles == ["Cancelled: Tuesday"]
    assert len(await env.inbox.entries("ada")) == 2


async def test_each_webhook_host_is_a_target_of_its_own(env: Env) -> None:
    await env.verified("inbox", "mail", "webhook")
    for username, url in (
        ("ada", env.hooks.url),
        ("bob", "https://Hooks.Example.ORG:8443/a?b=c"),
        ("eva", f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.example.org/"),
    ):
        preferences = NotificationChanges(channels=["webhook"], webhook_url=url)
        await env.preferences.put(username, preferences)
        planned = PlannedItem("cell", (PlannedTransferFile("c.tif", 1),))
        new = NewTransfer(TransferKind.IMPORT, "Run", username, username, (planned,))
        await env.finish(await env.ledger.add(new))
    await env.worker.stop()
    await env.rounds.round()
    targets = {task.owner: task.target for task in await env.queue.tasks()}
    assert targets["ada"] == "webhook:127.0.0.1"
    assert targets["bob"] == "webhook:hooks.example.org"
    assert targets["eva"].startswith("webhook:aaa")
    assert len(targets["eva"]) == 128


async def test_an_example_goes_out_at_once_and_states_what_came_back(env: Env) -> None:
    with pytest.raises(StateConflict):
        await env.preferences.try_out("ada", NotificationChannel.WEBHOOK)
    secret = await env.verified("webhook")
    await env.preferences.try_out("ada", NotificationChannel.WEBHOOK)
    await env.preferences.try_out("ada", NotificationChannel.MAIL)
    ((headers, body),) = env.hooks.posts
    reported = json.loads(body)
    assert (reported["type"], reported["data"]["title"]) == ("test", "This is a test")
    signed = signature(secret, headers["webhook-id"], headers["webhook-timestamp"], body)
    assert headers["webhook-signature"] == signed
    assert env.mails.mails[-1]["Subject"] == "This is a test"
    env.hooks.answers.append(404)
    with pytest.raises(Invalid, match="answers 404"):
        await env.preferences.try_out("ada", NotificationChannel.WEBHOOK)
    env.hooks.answers.append(503)
    with pytest.raises(Unavailable, match="answers 503"):
        await env.preferences.try_out("ada", NotificationChannel.WEBHOOK)
    assert await env.inbox.entries("ada") == []


async def test_nobody_makes_us_knock_without_end(env: Env) -> None:
    await env.verified("webhook")
    for _ in range(MAX_TRIALS):
        await env.preferences.try_out("ada", NotificationChannel.WEBHOOK)
    with pytest.raises(Busy):
        await env.preferences.try_out("ada", NotificationChannel.WEBHOOK)
    env.clock.advance(seconds=3601)
    await env.preferences.try_out("ada", NotificationChannel.WEBHOOK)
    assert len(env.hooks.posts) == MAX_TRIALS + 1


async def test_a_new_code_only_for_a_new_address_or_when_asked(env: Env) -> None:
    preferences = NotificationChanges(channels=["mail"], address=ADDRESS)
    await env.preferences.put("ada", preferences)
    await env.preferences.put("ada", preferences.model_copy(update={"topics": ["failed"]}))
    assert len(env.mails.mails) == 1
    await env.preferences.put("ada", preferences.model_copy(update={"topics": ["failed"]}))
    assert len(env.mails.mails) == 2


async def test_seen_up_to_an_id_leaves_what_came_later_new(env: Env) -> None:
    for name in ("Monday", "Tuesday", "Wednesday"):
        await env.finish(await env.add(name=name))
    await env.rounds.round()
    newest, middle, _oldest = await env.inbox.entries("ada")
    await env.inbox.mark_all_read("bob", newest.id)
    assert len(await env.inbox.entries("ada", unread=True)) == 3
    await env.inbox.mark_all_read("ada", middle.id)
    assert [e.id for e in await env.inbox.entries("ada", unread=True)] == [newest.id]
