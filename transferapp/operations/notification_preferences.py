"""How a person wishes to be told, and the proof that a mail address is hers."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from transferapp.errors import Busy, Invalid, StateConflict
from transferapp.host.clock import Clock
from transferapp.notify.port import (
    Batch,
    CodeSender,
    NotableEvent,
    NotificationChannel,
    PendingCode,
    Preferences,
    PreferenceStore,
    Sender,
    Topic,
)
from transferapp.notify.webhooks import checked_url, new_secret
from transferapp.protocol.messages import NotificationChanges

#: How long a mailed code proves its address, how often it may be tried, how many an hour.
CODE_LIFETIME = timedelta(hours=1)
MAX_TRIES = 5
MAX_CODES = 5
#: How many examples a person may have sent in an hour, from one server process.
MAX_TRIALS = 20
#: The kind of an example, in place of an event's.
TRIAL = "test"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,189}")


class NotificationPreferences:
    """Reads and changes preferences; nothing is mailed to an address before its proof."""

    def __init__(
        self,
        store: PreferenceStore,
        codes: CodeSender,
        clock: Clock,
        senders: Mapping[NotificationChannel, Sender] | None = None,
    ) -> None:
        """``senders`` are those that an example can be sent over."""
        self._store = store
        self._codes = codes
        self._clock = clock
        self._senders = senders or {}
        self._trials: dict[str, list[datetime]] = {}

    async def get(self, username: str) -> Preferences:
        """Return a person's preferences."""
        return await self._store.get(username)

    async def put(self, username: str, preferences: NotificationChanges) -> Preferences:
        """Store them; a new address gets a code, a new webhook a new secret.

        The same wishes again mail a new code to an address that was not confirmed.
        """
        before = await self._store.get(username)
        after = replace(
            before,
            channels=frozenset(NotificationChannel(name) for name in preferences.channels),
            address=_checked_address(preferences.address),
            webhook_url=checked_url(preferences.webhook_url) if preferences.webhook_url else "",
            topics=frozenset(Topic(name) for name in preferences.topics),
        )
        if after.webhook_url != before.webhook_url:
            after = replace(after, webhook_secret=new_secret() if after.webhook_url else "")
        if after.address != before.address:
            after = replace(after, address_verified=False)
        wants_code = after == before or after.address != before.address
        if wants_code and after.address and not after.address_verified:
            await self._mail_code(username, after.address)
        await self._store.put(after)
        return after

    async def verify(self, username: str, code: str) -> Preferences:
        """Confirm the address with the code that was mailed to it; raises Invalid."""
        preferences = await self._store.get(username)
        pending = await self._store.try_code(username, preferences.address)
        if pending is None or not self._fits(pending, code):
            raise Invalid(
                "This code is not right, was used, or is too old. Save your settings again"
                " to get a new one."
            )
        await self._store.confirm(username, preferences.address)
        return await self._store.get(username)

    async def try_out(self, username: str, channel: NotificationChannel) -> None:
        """Send an example now; raises StateConflict when the channel is not set up, Busy after
        too many, and what the other side says.
        """
        preferences = await self._store.get(username)
        sender = self._senders.get(channel)
        if sender is None or not _is_set_up(preferences, channel):
            raise StateConflict(f"Set up and confirm the {channel} before you test it.")
        self._count_trial(username)
        now = self._clock.now()
        text = ("This is a test", "TransferApp can reach you here.")
        notable = NotableEvent(0, TRIAL, username, "", TRIAL, *text, now)
        await sender.send(Batch(uuid4().hex, channel, username, (notable,)), preferences)

    def _count_trial(self, username: str) -> None:
        """Whoever chooses the address must not make us knock there without end."""
        since = self._clock.now() - timedelta(hours=1)
        recent = [at for at in self._trials.get(username, []) if at > since]
        if len(recent) >= MAX_TRIALS:
            raise Busy("Too many tests were sent. Try again in an hour.")
        self._trials[username] = [*recent, self._clock.now()]

    async def _mail_code(self, username: str, address: str) -> None:
        """Mail a code; counted before it is sent, so that nobody floods an address."""
        since = self._clock.now() - timedelta(hours=1)
        if await self._store.codes_since(username, since) >= MAX_CODES:
            raise Busy("Too many codes were asked for. Try again in an hour.")
        code = f"{secrets.randbelow(10**8):08d}"
        expires_at = self._clock.now() + CODE_LIFETIME
        await self._store.add_code(username, address, PendingCode(_hash(code), expires_at, 0))
        await self._codes.send_code(address, code)

    def _fits(self, pending: PendingCode, code: str) -> bool:
        in_time = pending.expires_at > self._clock.now() and pending.tries < MAX_TRIES
        return in_time and hmac.compare_digest(pending.code_hash, _hash(code.strip()))


def _is_set_up(preferences: Preferences, channel: NotificationChannel) -> bool:
    if channel is NotificationChannel.MAIL:
        return bool(preferences.address) and preferences.address_verified
    return bool(preferences.webhook_url)


def _checked_address(address: str) -> str:
    if address and not _ADDRESS.fullmatch(address):
        raise Invalid("This is not a mail address.")
    return address


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()
