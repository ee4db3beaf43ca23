"""The inbox and the wishes of a person over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from tests.support.receivers import hook_server, mail_server
from tests.support.rest_server import RestServer, rest_server, submitted
from tests.support.rest_uploads import bearer
from transferapp.cli import signed_in
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode
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


async def test_the_command_line_changes_wishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRANSFERAPP_WEBHOOK_PRIVATE", "true")
    monkeypatch.setenv("TRANSFERAPP_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("TRANSFERAPP_SMTP_ENCRYPTION", "none")

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(app, ["notifications", *arguments])
        )

    async def asked(*arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((await run(*arguments, "--json")).stdout)
        return found

    async with AsyncExitStack() as stack:
        mails = await stack.enter_async_context(mail_server())
        hooks = await stack.enter_async_context(hook_server())
        monkeypatch.setenv("TRANSFERAPP_SMTP_PORT", str(mails.port))
        server = await stack.enter_async_context(rest_server(tmp_path / "server"))
        token = SecretStr(str((await server.signed_in()).token))
        await signed_in.remember(server.url, "ada", token, in_file=True)

        assert (await asked("show"))["channels"] == ["inbox"]
        assert "A code was mailed" in (await run("mail", "ada@example.org")).stderr
        assert (await run("verify", "1")).exit_code == ExitCode.PROBLEM
        code = str(mails.mails[-1].get_content()).split(" is ")[1].split()[0]
        assert (await asked("verify", code))["address_verified"]
        assert (await asked("webhook", hooks.url))["webhook_secret"].startswith("whsec_")
        assert (await asked("topics", "failed", "attention"))["topics"] == [
            "attention",
            "failed",
        ]
        assert "Sent by webhook" in (await run("test", "webhook")).stderr
        assert len(hooks.posts) == 1
        hooks.answers.append(404)
        refused = await run("test", "webhook")
        assert (refused.exit_code, "answers 404" in refused.stderr) == (ExitCode.PROBLEM, True)
        assert (await asked("off", "webhook"))["channels"] == ["inbox", "mail"]
        off = await asked("off")
        assert (off["channels"], off["address_verified"]) == (["inbox"], True)
        assert (await run("webhook", "x" * 3000)).exit_code == ExitCode.PROBLEM
        assert "ada@example.org (confirmed)" in (await run("show")).stdout
