"""Tell people's own programs over HTTP, signed as standardwebhooks.com describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx
from typing_extensions import override

from transferapp.errors import Invalid, TransferAppError, Unavailable
from transferapp.host.clock import Clock
from transferapp.host.closing import AsyncClosing
from transferapp.notify.notifiers.webhook_transport import WebhookTransport
from transferapp.notify.port import Batch, NotableEvent, Preferences, Sender
from transferapp.notify.texts import sentence
from transferapp.notify.webhooks import checked_url, signature

_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
#: Answers that may be better later.
_PATIENCE = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class Webhook(Sender, AsyncClosing):
    """POSTs each outcome; a repeated one has the same Webhook-Id."""

    def __init__(self, clock: Clock, *, allow_private: bool = False) -> None:
        """``allow_private`` lets webhooks go to addresses of the facility's own network."""
        self._clock = clock
        transport = WebhookTransport(allow_private=allow_private)
        # Not the environment's proxies: the transport judges the addresses itself.
        self._http = httpx.AsyncClient(
            transport=transport, timeout=_TIMEOUT, follow_redirects=False, trust_env=False
        )

    @override
    async def aclose(self) -> None:
        await self._http.aclose()

    @override
    async def send(self, batch: Batch, to: Preferences) -> None:
        url = checked_url(to.webhook_url)
        # A webhook's batch is one outcome; its id is the id of the message.
        body = _body(batch.id, batch.notables[0])
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


def _body(message_id: str, notable: NotableEvent) -> bytes:
    reported = {
        "id": message_id,
        "type": notable.kind,
        "timestamp": notable.at.isoformat(),
        "data": {
            "transfer_id": notable.transfer_id,
            "state": notable.state,
            "title": notable.title,
            "text": sentence(notable),
            "count": notable.count,
            "links": notable.links,
        },
    }
    return json.dumps(reported, separators=(",", ":")).encode()


def _judge(answer: httpx.Response) -> None:
    """Raise what follows from an answer that is no success."""
    status = answer.status_code
    if answer.is_success:
        return
    if status in _PATIENCE or answer.is_server_error:
        request = answer.headers.get("retry-after", "")
        after_s = float(request) if request.isdigit() else None
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
