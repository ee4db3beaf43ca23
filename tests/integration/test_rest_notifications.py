"""The inbox and the wishes of a person over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.rest_server import RestServer, rest_server, submitted
from tests.support.rest_uploads import bearer
from transferapp.client.inbox import InboxClient
from transferapp.errors import NotFound
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.operations.notifications import NotificationRounds


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RestServer]:
    async with rest_server(tmp_path) as running:
        yield running


async def test_inbox_is_read_by_its_person_only(server: RestServer) -> None:
    ada, bob = await server.signed_in(), await server.signed_in("bob")
    parts = server.parts
    engine = parts.inbox._engine  # type: ignore[attr-defined]
    deliveries = SqlDeliveries(engine, parts.clock)
    rounds = NotificationRounds(parts.ledger, deliveries, parts.queue, 60.0)
    await rounds.begin()
    accepted = await submitted(ada, 5)
    await ada.cancel(accepted.details.transfer.id)
    await rounds.round()
    async with httpx.AsyncClient(base_url=server.url) as http:
        hers, his = bearer(str(ada.token)), bearer(str(bob.token))
        (entry,) = (await http.get("/v1/inbox", headers=hers)).json()["items"]
        assert entry["title"] == "Cancelled: Cells"
        assert (await http.get("/v1/inbox", headers=his)).json()["items"] == []
        path = f"/v1/inbox/{entry['id']}/read"
        assert (await http.post(path, headers=his)).status_code == 404
        assert (await http.post(path, headers=hers)).status_code == 204
        unread = await http.get("/v1/inbox?unread=true", headers=hers)
        assert unread.json()["items"] == []
    async with InboxClient(server.url, ada.token) as client:
        (seen,) = (await client.inbox()).items
        assert (seen.id, seen.read_at is None) == (entry["id"], False)
        with pytest.raises(NotFound):
            await client.mark_read(seen.id + 1)


async def test_secret_of_a_webhook_is_shown_once(server: RestServer) -> None:
    ada = await server.signed_in()
    async with httpx.AsyncClient(base_url=server.url, headers=bearer(str(ada.token))) as http:
        wishes = {"channels": ["webhook"], "webhook_url": "https://example.org/h"}
        made = (await http.put("/v1/notifications", json=wishes)).json()
        assert made["webhook_secret"].startswith("whsec_")
        for answer in (
            await http.put("/v1/notifications", json=wishes),
            await http.get("/v1/notifications"),
        ):
            assert answer.json()["webhook_secret"] == ""
        wrong = await http.put("/v1/notifications", json={"webhook_url": "file:///etc/passwd"})
        assert wrong.status_code == 422
        no_mail = await http.put("/v1/notifications", json={"address": "ada@example.org"})
        assert "TRANSFERAPP_SMTP_HOST" in no_mail.json()["detail"]
