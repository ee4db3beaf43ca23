"""What every sender of notifications must do, as tests to inherit.

A subclass gives the fixture ``house``: a sender, whom it tells, and what arrived there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import pytest
from typing_extensions import override

from transferapp.errors import Denied, Unavailable
from transferapp.notify.port import (
    Batch,
    MailSender,
    NotableEvent,
    NotificationChannel,
    Preferences,
    Sender,
)


class Arrived(NamedTuple):
    """A message as the other side got it: what tells it from others, and its words."""

    id: str
    text: str


class SenderEnv(Protocol):
    """A sender and its other side."""

    channel: NotificationChannel
    #: A person for whom the channel is set up.
    reported: Preferences

    @property
    def sender(self) -> Sender:
        """The adapter."""

    async def arrived(self) -> list[Arrived]:
        """Return what arrived so far, oldest first."""

    async def go_away(self) -> None:
        """From now on the other side takes nothing, and may again later."""


class MailingEnv(SenderEnv, Protocol):
    """What mails, and its other side; the id of a code's message does not matter."""

    @property
    @override
    def sender(self) -> MailSender:
        """The adapter."""


def batch_of(env: SenderEnv, batch_id: str, title: str) -> Batch:
    """Return a batch of one outcome."""
    at = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    notable = NotableEvent(
        1, "transfer.changed", env.reported.username, "t1", "done", title, "Kept.", at
    )
    return Batch(batch_id, env.channel, env.reported.username, (notable,))


class SenderSuite:
    """The port's promises."""

    async def test_a_batch_arrives(self, env: SenderEnv) -> None:
        """With the words of its outcome."""
        await env.sender.send(batch_of(env, "b1", "Monday is imported"), env.reported)
        (message,) = await env.arrived()
        assert "Monday is imported" in message.text

    async def test_the_same_batch_again_is_known_by_its_id(self, env: SenderEnv) -> None:
        """A worker that died may send it again; whoever reads it can tell."""
        batch = batch_of(env, "b1", "Monday is imported")
        for _ in range(2):
            await env.sender.send(batch, env.reported)
        assert len({message.id for message in await env.arrived()}) == 1
        await env.sender.send(batch_of(env, "b2", "Tuesday is imported"), env.reported)
        assert len({message.id for message in await env.arrived()}) == 2

    async def test_an_outage_is_tried_again(self, env: SenderEnv) -> None:
        """Nothing but Unavailable: the queue keeps the batch for a day and a half."""
        await env.go_away()
        with pytest.raises(Unavailable):
            await env.sender.send(batch_of(env, "b1", "Monday is imported"), env.reported)

    async def test_it_may_be_closed_twice(self, env: SenderEnv) -> None:
        """As a process that ends while it starts does."""
        await env.sender.aclose()
        await env.sender.aclose()


class MailSenderSuite(SenderSuite):
    """What mails also mails codes, and nothing to an address before its proof."""

    async def test_a_code_arrives(self, env: MailingEnv) -> None:
        """At any address: it is how one is proved."""
        await env.sender.send_code("new@example.org", "13572468")
        (message,) = await env.arrived()
        assert "13572468" in message.text

    async def test_nothing_goes_to_an_address_before_its_proof(self, env: MailingEnv) -> None:
        """It is another person's, for all that is known."""
        unproved = Preferences(env.reported.username, address=env.reported.address)
        with pytest.raises(Denied):
            await env.sender.send(batch_of(env, "b1", "Monday is imported"), unproved)
        assert await env.arrived() == []
