"""The inbox and the wishes of a person over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.rest_server import RestServer, rest_server, submitted
from tests.support.rest_uploads import bearer
from transferapp.client.inbox import InboxClient, wishes_of
from transferapp.errors import Invalid, NotFound, StateConflict
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.notify.stores.preferences import SqlPreferenceStore
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
    wishes = SqlPreferenceStore(engine, parts.clock)
    rounds = NotificationRounds(parts.ledger, deliveries, wishes, parts.queue, 60.0)
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
        again = await submitted(ada, 5)
        await ada.cancel(again.details.transfer.id)
        await rounds.round()
        (new,) = (await client.inbox(unread=True)).items
        await client.mark_all_read(new.id)
        assert (await client.inbox(unread=True)).items == []


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


async def test_a_person_changes_her_wishes_and_tries_them(server: RestServer) -> None:
    ada = await server.signed_in()
    async with InboxClient(server.url, ada.token) as client:
        view = await client.notifications()
        assert (view.channels, sorted(view.topics)) == (
            ["inbox"],
            ["attention", "cancelled", "done", "failed"],
        )
        with pytest.raises(StateConflict, match="Set up"):
            await client.try_channel("webhook")
        hook = {"channels": ["inbox", "webhook"], "webhook_url": "http://127.0.0.1:9/h"}
        made = await client.change_notifications(wishes_of(view, **hook, topics=["failed"]))
        assert made.webhook_secret.startswith("whsec_")
        assert made.topics == ["failed"]
        # The server's own network: the refusal comes back in words.
        with pytest.raises(Invalid, match="own network"):
            await client.try_channel("webhook")
        with pytest.raises(Invalid):
            await client.verify_address("1234")
