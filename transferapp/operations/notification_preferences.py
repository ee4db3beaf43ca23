"""How a person wishes to be told, and the proof that a mail address is hers."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from transferapp.errors import Busy, Invalid
from transferapp.host.clock import Clock
from transferapp.notify.port import (
    Channel,
    CodeSender,
    PendingCode,
    Preferences,
    PreferenceStore,
)
from transferapp.notify.webhooks import checked_url, new_secret
from transferapp.protocol.messages import NotificationWishes

#: How long a mailed code proves its address, how often it may be tried, how many an hour.
CODE_LIFETIME = timedelta(hours=1)
MAX_TRIES = 5
MAX_CODES = 5
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,189}")


class NotificationPreferences:
    """Reads and changes preferences; nothing is mailed to an address before its proof."""

    def __init__(self, store: PreferenceStore, codes: CodeSender, clock: Clock) -> None:
        self._store = store
        self._codes = codes
        self._clock = clock

    async def get(self, username: str) -> Preferences:
        """Return a person's preferences."""
        return await self._store.get(username)

    async def put(self, username: str, wishes: NotificationWishes) -> Preferences:
        """Store them; a new address gets a code, a new webhook a new secret."""
        before = await self._store.get(username)
        after = replace(
            before,
            channels=frozenset(Channel(name) for name in wishes.channels),
            address=_checked_address(wishes.address),
            webhook_url=checked_url(wishes.webhook_url) if wishes.webhook_url else "",
        )
        if after.webhook_url != before.webhook_url:
            after = replace(after, webhook_secret=new_secret() if after.webhook_url else "")
        if after.address != before.address:
            after = replace(after, address_verified=False)
        if after.address and not after.address_verified:
            await self._mail_code(username, after.address)
        await self._store.put(after)
        return after

    async def verify(self, username: str, code: str) -> Preferences:
        """Confirm the address with the code that was mailed to it; raises Invalid."""
        wishes = await self._store.get(username)
        pending = await self._store.try_code(username, wishes.address)
        if pending is None or not self._fits(pending, code):
            raise Invalid(
                "This code is not right, was used, or is too old. Save your settings again"
                " to get a new one."
            )
        await self._store.confirm(username, wishes.address)
        return await self._store.get(username)

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


def _checked_address(address: str) -> str:
    if address and not _ADDRESS.fullmatch(address):
        raise Invalid("This is not a mail address.")
    return address


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()
