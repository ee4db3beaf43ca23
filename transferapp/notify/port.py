"""The ports to telling people: at the workstation, by mail, by webhook, in the inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Urgency(StrEnum):
    """How loudly it is told."""

    NORMAL = "normal"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Notification:
    """Something worth telling. ``key`` names what it is about (a transfer's id)."""

    title: str
    text: str
    key: str = ""
    urgency: Urgency = Urgency.NORMAL


class Notifier(Protocol):
    """Shows notifications."""

    async def report(
        self, notification: Notification, on_open: Callable[[str], None] | None = None
    ) -> bool:
        """Show it; False when there is no one to show it. Never raises for that.

        ``on_open`` is called with the key, on the caller's event loop, when the person
        clicks the notification.
        """

    async def aclose(self) -> None:
        """Let go of the channel."""


class NotificationChannel(StrEnum):
    """The ways in which the server tells a person."""

    INBOX = "inbox"
    MAIL = "mail"
    WEBHOOK = "webhook"


class Topic(StrEnum):
    """What outcomes are about, as a person chooses among them."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: A person must act.
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class NotableEvent:
    """Something that came of a transfer; ``event_id`` is that of the ledger's event."""

    event_id: int
    kind: str
    username: str
    transfer_id: str
    state: str
    title: str
    text: str
    at: datetime
    #: How many problems of the transfer this stands for.
    count: int = 1
    #: Troubles of one transfer that come close together are told as one.
    collapses: bool = False
    #: Addresses of images that it is about, for a browser.
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What is told at once over one channel; ``id`` names the message for good."""

    id: str
    channel: NotificationChannel
    username: str
    notables: tuple[NotableEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """An outcome as its person finds it in the inbox."""

    id: int
    notable: NotableEvent
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wishes to be told."""

    username: str
    channels: frozenset[NotificationChannel] = frozenset({NotificationChannel.INBOX})
    address: str = ""
    address_verified: bool = False
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    #: What is mailed and posted; the inbox has everything.
    topics: frozenset[Topic] = frozenset(Topic)


@dataclass(frozen=True, slots=True)
class PendingCode:
    """A code that was mailed to an address; only its hash is kept."""

    code_hash: str
    expires_at: datetime
    tries: int


class Sender(Protocol):
    """Sends batches over one channel."""

    async def send(self, batch: Batch, to: Preferences) -> None:
        """Send it under the batch's id; raises Unavailable (try again), Invalid, Denied.

        May be called again with a batch that was sent: the other side tells by its id.
        """

    async def aclose(self) -> None:
        """Let go of the channel."""


class CodeSender(Protocol):
    """Mails the code that proves that an address belongs to a person."""

    async def send_code(self, address: str, code: str) -> None:
        """Send it now; raises Unavailable, Invalid for an address that is refused."""


class MailSender(Sender, CodeSender, Protocol):
    """Mails batches, and the codes that prove addresses."""


class Deliveries(Protocol):
    """Who is told what over which channel: one row per event, person and channel. For who
    follows the events.
    """

    async def position(self) -> int | None:
        """Return the id of the last event that was looked at; None before the first."""

    async def begin_at(self, event_id: int) -> None:
        """Look at events after this one only; ignored when there is a position."""

    async def record(self, after: int, upto: int, notables: Sequence[NotableEvent]) -> bool:
        """Store deliveries and move the position from ``after`` to ``upto``, in one
        transaction; False (nothing is stored) when another process was first.
        """

    async def plan(self, mail_delay_s: float) -> list[Batch]:
        """Put what is due into batches; returns those that are in no queue yet."""

    async def queued(self, batch_id: str) -> None:
        """Note that a batch has its task."""


class Batches(Protocol):
    """Deliveries that one message tells, for who sends it."""

    async def batch(self, batch_id: str) -> Batch | None:
        """Return what is to be sent, None when all of it was."""

    async def sent(self, batch_id: str) -> None:
        """Note that the other side has it."""

    async def failed(self, batch_id: str, error: str) -> None:
        """Note why it could not be sent; it stays open for a redrive."""


class OldDeliveries(Protocol):
    """Deliveries, for who keeps house."""

    async def position(self) -> int | None:
        """Return the id of the last event that was looked at; None before the first."""

    async def forget(self, before: datetime) -> int:
        """Delete what was recorded before a time and needs nothing more (it was sent, is
        in the inbox, or could not be sent); returns how many.
        """


class Inbox(Protocol):
    """A person's notifications on the server."""

    async def entries(
        self, username: str, *, unread: bool = False, before: int = 0, limit: int = 50
    ) -> list[InboxEntry]:
        """List entries, newest first; ``before`` is the last id of the page before."""

    async def mark_read(self, username: str, entry_id: int) -> bool:
        """Note that the person has seen it; False when she had before. Raises NotFound."""

    async def mark_all_read(self, username: str, upto: int) -> bool:
        """Note that the person has seen everything up to this id, newer ones stay new;
        False when she had before.
        """


class PreferenceStore(Protocol):
    """How people wish to be told."""

    async def get(self, username: str) -> Preferences:
        """Return a person's preferences; the default ones when none were stored."""

    async def put(self, preferences: Preferences) -> None:
        """Store a person's preferences."""

    async def codes_since(self, username: str, since: datetime) -> int:
        """Return how many codes were mailed for this person since then."""

    async def add_code(self, username: str, address: str, code: PendingCode) -> None:
        """Store a code; it replaces older ones."""

    async def try_code(self, username: str, address: str) -> PendingCode | None:
        """Count a try and return the newest code as it was before, None when none waits."""

    async def confirm(self, username: str, address: str) -> None:
        """Mark the address as verified and forget its codes."""
