"""Tell people's own programs over HTTP, signed as standardwebhooks.com describes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx
from typing_extensions import override

from transferapp.errors import Invalid, TransferAppError, Unavailable
from transferapp.host.clock import Clock
from transferapp.notify.notifiers.webhook_transport import WebhookTransport
from transferapp.notify.port import Batch, Outcome, Preferences, Sender
from transferapp.notify.words import sentence

_SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
#: Answers that may be better later.
_PATIENCE = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class Webhook(Sender):
    """POSTs each outcome; a repeated one has the same Webhook-Id."""

    def __init__(self, clock: Clock, *, allow_private: bool = False) -> None:
        """``allow_private`` lets webhooks go to addresses of the facility's own network."""
        self._clock = clock
        transport = WebhookTransport(allow_private=allow_private)
        # Not the environment's proxies: the transport judges the addresses itself.
        self._http = httpx.AsyncClient(
            transport=transport, timeout=_TIMEOUT, follow_redirects=False, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @override
    async def send(self, batch: Batch, to: Preferences) -> None:
        url = checked_url(to.webhook_url)
        # A webhook's batch is one outcome; its id is the id of the message.
        body = _body(batch.id, batch.outcomes[0])
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "content-type": "application/json",
            "webhook-id": batch.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(to.webhook_secret, batch.id, timestamp, body),
        }
        with _http_errors():
            async with self._http.stream("POST", url, content=body, headers=headers) as answer:
                _judge(answer)


def new_secret() -> str:
    """Make the secret that a receiver checks signatures with."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return ``v1,<base64 of HMAC-SHA256>`` over id, time (seconds) and body."""
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def checked_url(url: str) -> str:
    """Return a URL that a webhook may have; raises Invalid."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Invalid("The webhook's address is not a URL.") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise Invalid("A webhook's address begins with https:// or http://.")
    if parsed.userinfo:
        raise Invalid("Leave user name and password out of the webhook's address.")
    return url


def _body(message_id: str, outcome: Outcome) -> bytes:
    told = {
        "id": message_id,
        "type": outcome.kind,
        "timestamp": outcome.at.isoformat(),
        "data": {
            "transfer_id": outcome.transfer_id,
            "state": outcome.state,
            "title": outcome.title,
            "text": sentence(outcome),
            "count": outcome.count,
        },
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _judge(answer: httpx.Response) -> None:
    """Raise what follows from an answer that is no success."""
    status = answer.status_code
    if answer.is_success:
        return
    if status in _PATIENCE or answer.is_server_error:
        wish = answer.headers.get("retry-after", "")
        after_s = float(wish) if wish.isdigit() else None
        raise Unavailable(f"The webhook answers {status}.", retry_after_s=after_s)
    raise Invalid(f"The webhook answers {status}. Check its address in your settings.")


@contextmanager
def _http_errors() -> Iterator[None]:
    try:
        yield
    except TransferAppError:
        raise
    except httpx.HTTPError as error:
        raise Unavailable("The webhook does not answer. It is tried again.") from error
