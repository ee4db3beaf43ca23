"""Tell people what came of their transfers: from the ledger's events to sent messages.

Exactly once per outcome and person up to the message: the position in the ledger moves in
the transaction that stores the deliveries, and a batch keeps its id for good. On the wire
a message can come again only when a worker is killed between the other side's answer and
our record of it; it then carries the same Message-ID or Webhook-Id as the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from pydantic import BaseModel

from transferapp.errors import Invalid
from transferapp.host.sparing import readable, sparing
from transferapp.ledger.port import LedgerEvents
from transferapp.model.events import EventKind
from transferapp.notify.port import (
    Batch,
    Batches,
    Deliveries,
    NotificationChannel,
    Preferences,
    PreferenceStore,
    Sender,
)
from transferapp.notify.texts import notable_event_of
from transferapp.notify.webhooks import host_of
from transferapp.operations.image_links import ImageLinks
from transferapp.taskqueue.port import (
    Context,
    NewTask,
    RetryPolicy,
    Task,
    TaskKind,
    TaskSubmission,
    WorkClass,
)

KIND = "deliver-notification"
#: Seconds at first, then every hour, for about a day and a half.
POLICY = RetryPolicy(max_attempts=45, first_delay_s=5.0, max_delay_s=3600.0)
#: Characters of a target's name in the queue's tables.
MAX_RESOURCE = 128
_PAGE = 500


class DeliverNotification(BaseModel):
    """Send this batch; the task's id is the batch's."""

    batch: str


def deliver_notification_kind(
    batches: Batches,
    preferences: PreferenceStore,
    senders: Mapping[NotificationChannel, Sender],
) -> TaskKind:
    """Return the kind of task that sends a batch; its payload is DeliverNotification.

    ``senders``: one for each channel that this worker serves; a batch of another is Invalid.
    What is retryable is retried for a day and a half (POLICY); any other error is noted with
    the delivery, which stays open for a redrive.
    """
    handler = NotificationDelivery(batches, preferences, senders)
    return TaskKind(
        name=KIND,
        payload=DeliverNotification,
        handler=handler.run,
        retry=POLICY,
        on_dead=handler.dead,
    )


class NotificationDelivery:
    """The handler of deliver-notification."""

    def __init__(
        self,
        batches: Batches,
        preferences: PreferenceStore,
        senders: Mapping[NotificationChannel, Sender],
    ) -> None:
        self._batches = batches
        self._preferences = preferences
        self._senders = senders

    async def run(self, context: Context, wanted: DeliverNotification) -> None:
        """Send what the batch holds, and note that it was sent."""
        await context.step("send", self._send, wanted.batch)
        await context.step("record", self._batches.sent, wanted.batch)

    async def dead(self, task: Task) -> None:
        """Note why it could not be sent."""
        await self._batches.failed(task.id, task.error)

    async def _send(self, batch_id: str) -> None:
        batch = await self._batches.batch(batch_id)
        if batch is None:
            return
        sender = self._senders.get(batch.channel)
        if sender is None:
            raise Invalid(f"This worker cannot send over '{batch.channel}'.")
        await sender.send(batch, await self._preferences.get(batch.username))


class NotificationRounds:
    """Follows the ledger; any number of workers may do so at the same time."""

    def __init__(
        self,
        ledger: LedgerEvents,
        deliveries: Deliveries,
        preferences: PreferenceStore,
        queue: TaskSubmission,
        mail_delay_s: float,
        links: ImageLinks | None = None,
    ) -> None:
        """Collect a person's mails for ``mail_delay_s`` seconds into one."""
        self._links = links
        self._ledger = ledger
        self._deliveries = deliveries
        self._preferences = preferences
        self._queue = queue
        self._mail_delay_s = mail_delay_s
        #: Whose inbox has changed, and whose open windows do not know of it yet.
        self._untold: set[str] = set()

    async def begin(self) -> None:
        """Take everything from now on; what happened before the first start is history."""
        if await self._deliveries.position() is None:
            await self._deliveries.begin_at(await self._ledger.last_event_id())

    async def round(self) -> None:
        """Store deliveries for new events, then queue what is due."""
        await self.begin()
        while await self._record_page():
            pass
        await self._publish_inboxes()
        for batch in await self._deliveries.plan(self._mail_delay_s):
            with sparing("batch of notifications", batch.id):
                preferences = await self._preferences.get(batch.username)
                await self._queue.enqueue(_task(batch, preferences))
                await self._deliveries.queued(batch.id)

    async def _record_page(self) -> bool:
        """Store one page; True when there may be more."""
        position = await self._deliveries.position() or 0
        page = await self._ledger.events(None, position, _PAGE)
        if not page:
            return False
        reported = readable(page, notable_event_of, "event to tell of", attrgetter("id"))
        notables = [notable for notable in reported if notable is not None]
        if self._links:
            notables = [await self._links.linked(notable) for notable in notables]
        was_first = await self._deliveries.record(position, page[-1].id, notables)
        if was_first:
            self._untold.update(notable.username for notable in notables)
        return was_first and len(page) == _PAGE

    async def _publish_inboxes(self) -> None:
        """Beside the transaction, in another store: a crash in between costs the windows
        their news until they look by themselves, never the entry.
        """
        for username in sorted(self._untold):
            with sparing("open inboxes", username):
                await self._ledger.publish(username, EventKind.INBOX_CHANGED)
            self._untold.discard(username)


def target_of(channel: NotificationChannel, preferences: Preferences) -> str:
    """Return the queue's target: each webhook's host is one, so that a dead one stops alone."""
    if channel is not NotificationChannel.WEBHOOK or not preferences.webhook_url:
        return str(channel)
    try:
        host = host_of(preferences.webhook_url)
    except Invalid:
        return str(channel)  # The task ends with what is wrong, for its owner to read.
    # Cut as the queue's tables are wide; so long a name shares its fate with few others.
    return f"{channel}:{host}"[:MAX_RESOURCE]


def _task(batch: Batch, preferences: Preferences) -> NewTask:
    return NewTask(
        id=batch.id,
        kind=KIND,
        payload=DeliverNotification(batch=batch.id),
        target=target_of(batch.channel, preferences),
        owner=batch.username,
        lane=WorkClass.HOUSEKEEPING,
    )
