"""The inbox and the preferences of a person over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from tests.support.image_env import MemoryVault
from tests.support.receivers import hook_server, mail_server
from tests.support.rest_server import (
    PASSWORD,
    RestServer,
    notification_rounds,
    rest_server,
    server,
    submitted,
)
from tests.support.rest_uploads import bearer
from transferapp.cli import signed_in
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode
from transferapp.client.agent import AgentClient
from transferapp.client.inbox import InboxClient, preferences_of
from transferapp.desktop.inbox.presenter import InboxPresenter
from transferapp.desktop.session.presenter import SessionParts, SessionPresenter
from transferapp.desktop.session.remembered import SettingsFile
from transferapp.errors import Invalid, NotFound, StateConflict
from transferapp.host.credentials import Credentials
from transferapp.model.events import EventKind

__all__ = ["server"]


async def test_inbox_is_read_by_its_person_only(server: RestServer) -> None:
    ada, bob = await server.signed_in(), await server.signed_in("bob")
    rounds = notification_rounds(server)
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


async def test_read_at_the_office_is_read_at_the_microscope(
    server: RestServer, tmp_path: Path
) -> None:
    """Two desktops of one person hear of each change by an event."""
    ada = await server.signed_in()
    rounds = notification_rounds(server)
    await rounds.begin()
    async with AsyncExitStack() as stack:
        office, microscope = [
            await _env(stack, server, tmp_path / place) for place in ("office", "microscope")
        ]
        accepted = await submitted(ada, 5)
        await ada.cancel(accepted.details.transfer.id)
        await rounds.round()
        async with asyncio.timeout(60):
            await _until(lambda: (office.unread, microscope.unread) == (1, 1))
        office.open(office.entries[0])
        async with asyncio.timeout(60):
            await _until(lambda: microscope.unread == 0)
        news = await server.parts.ledger.events("ada", 0)
        reported = [event for event in news if event.kind is EventKind.INBOX_CHANGED]
        assert len(reported) == 2, "it came, it was read; reading it again is no news"
        async with InboxClient(server.url, ada.token) as client:
            await client.mark_read(office.entries[0].id)
            await client.mark_all_read(office.entries[0].id)
        assert await server.parts.ledger.events("ada", news[-1].id) == []


async def _env(stack: AsyncExitStack, server: RestServer, folder: Path) -> InboxPresenter:
    """A desktop's inbox, signed in and following."""
    session = SessionPresenter(
        SessionParts(
            connect=InboxClient,
            agent=AgentClient(folder / "no-agent.sock"),
            credentials=Credentials(MemoryVault()),
            settings_file=SettingsFile(folder / "desktop.ini"),
        )
    )
    inbox = InboxPresenter(session)
    stack.push_async_callback(session.agent.aclose)
    stack.push_async_callback(session.close)
    stack.push_async_callback(inbox.close)
    await session.sign_in(server.url, "ada", PASSWORD, remember=False)
    await _until(lambda: inbox.loaded and session.settings.seen_events)
    return inbox


async def _until(holds: Callable[[], object]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


async def test_secret_of_a_webhook_is_shown_once(server: RestServer) -> None:
    ada = await server.signed_in()
    async with httpx.AsyncClient(base_url=server.url, headers=bearer(str(ada.token))) as http:
        preferences = {"channels": ["webhook"], "webhook_url": "https://example.org/h"}
        made = (await http.put("/v1/notifications", json=preferences)).json()
        assert made["webhook_secret"].startswith("whsec_")
        for answer in (
            await http.put("/v1/notifications", json=preferences),
            await http.get("/v1/notifications"),
        ):
            assert answer.json()["webhook_secret"] == ""
        wrong = await http.put("/v1/notifications", json={"webhook_url": "file:///etc/passwd"})
        assert wrong.status_code == 422
        no_mail = await http.put("/v1/notifications", json={"address": "ada@example.org"})
        assert "TRANSFERAPP_SMTP_HOST" in no_mail.json()["detail"]


async def test_a_person_changes_her_preferences_and_tries_them(server: RestServer) -> None:
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
        made = await client.change_notifications(
            preferences_of(view, **hook, topics=["failed"])
        )
        assert made.webhook_secret.startswith("whsec_")
        assert made.topics == ["failed"]
        # The server's own network: the refusal comes back in words.
        with pytest.raises(Invalid, match="own network"):
            await client.try_channel("webhook")
        with pytest.raises(Invalid):
            await client.verify_address("1234")


async def test_the_command_line_changes_preferences(
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
