"""What happened while away: read once and for all, on whichever computer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.support.image_env import NOW, URL, ImageEnv, until
from transferapp.desktop.inbox.presenter import InboxPresenter, Pauses
from transferapp.desktop.inbox.texts import inbox_row
from transferapp.desktop.session.presenter import Connection, SessionPresenter
from transferapp.host.backoff import Backoff
from transferapp.model.events import EventKind

#: Nothing here comes by looking now and then.
FAST = Pauses(idle=600.0, least=0.005)


class Env:
    """A signed-in person with an inbox."""

    def __init__(self, folder: Path, pauses: Pauses = FAST) -> None:
        self.env = ImageEnv()
        self.inbox_env = self.env.inbox_env
        self.session: SessionPresenter = self.env.session(folder)
        self.inbox = InboxPresenter(self.session, pauses=pauses)
        self.went: list[str] = []
        self.inbox.open_requested.listen(self.went.append)

    async def come_in(self) -> None:
        await self.session.sign_in(URL, "anna", "pipette", remember=False)
        await until(lambda: self.inbox.loaded)

    async def close(self) -> None:
        await self.inbox.close()
        await self.session.close()


async def test_what_happened_while_away_is_there_after_signing_in(tmp_path: Path) -> None:
    env = Env(tmp_path)
    env.inbox_env.put(read_at=NOW)
    env.inbox_env.put("t2")
    assert (env.inbox.loaded, env.inbox.unread) == (False, 0)
    await env.come_in()
    assert [entry.id for entry in env.inbox.entries] == [2, 1]
    assert env.inbox.unread == 1
    assert env.inbox_env.unread == [2]  # Being shown is not being read.
    await env.session.sign_out()
    assert (env.inbox.entries, env.inbox.unread) == ([], 0)
    await env.close()


async def test_opening_goes_to_the_transfer_and_reports_the_server(tmp_path: Path) -> None:
    env = Env(tmp_path)
    env.inbox_env.put("t1")
    env.inbox_env.put("t2")
    await env.come_in()
    first = env.inbox.entries[1]
    env.inbox.open(first)
    assert (env.went, env.inbox.unread) == (["t1"], 1)
    assert not env.inbox.is_unread(first)
    await until(lambda: env.inbox_env.unread == [2])
    env.inbox.open(first)
    assert (env.went, env.inbox.unread) == (["t1", "t1"], 1)
    await env.close()


async def test_what_was_opened_in_an_outage_is_reported_afterwards(tmp_path: Path) -> None:
    env = Env(tmp_path)
    env.inbox_env.put("t1")
    await env.come_in()
    env.env.go_down()
    env.inbox.open(env.inbox.entries[0])
    await until(lambda: env.inbox.notice)
    assert env.inbox_env.unread == [1]
    assert len(env.inbox.entries) == 1  # What is known stays.
    env.env.down = False
    await until(lambda: not env.inbox_env.unread, 10)
    assert env.inbox.notice == ""
    await env.close()


async def test_what_comes_and_what_another_computer_read_is_known_by_the_event(
    tmp_path: Path,
) -> None:
    env = Env(tmp_path)
    await env.come_in()
    await until(lambda: env.session.settings.seen_events)
    env.inbox_env.put("t1")
    env.env.report(EventKind.INBOX_CHANGED, "")
    await until(lambda: env.inbox.unread == 1)
    env.inbox_env.read(1)
    env.env.report(EventKind.INBOX_CHANGED, "")
    await until(lambda: env.inbox.unread == 0)
    await env.close()


async def test_a_change_that_nobody_reported_is_found_a_little_later(tmp_path: Path) -> None:
    env = Env(tmp_path, Pauses(idle=0.05, least=0.005))
    await env.come_in()
    env.inbox_env.put("t1")
    await until(lambda: env.inbox.unread == 1)
    await env.close()


async def test_after_an_outage_it_scans_whatever_was_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.client.events.RECONNECTS", Backoff(0.01, 0.01))
    env = Env(tmp_path)
    await env.come_in()
    await until(lambda: env.session.settings.seen_events)
    env.env.go_down()
    await until(lambda: env.session.connection is Connection.OFFLINE)
    env.inbox_env.put("t1")
    env.env.down = False
    await until(lambda: env.inbox.unread == 1)
    await env.close()


async def test_missed_events_make_it_read_anew(tmp_path: Path) -> None:
    env = Env(tmp_path)
    await env.come_in()
    env.inbox_env.put("t1")
    env.session.missed.notify()
    await until(lambda: env.inbox.unread == 1)
    assert env.inbox.notice == ""
    await env.close()


async def test_only_a_clicked_notification_makes_its_entries_read(tmp_path: Path) -> None:
    env = Env(tmp_path)
    await env.come_in()
    await until(lambda: env.session.settings.seen_events)
    event = env.env.report(EventKind.TRANSFER_ENDED, "t1")
    env.inbox_env.put("t1", at=event.created_at)
    env.inbox_env.put("t2", at=event.created_at)
    env.env.report(EventKind.INBOX_CHANGED, "")
    await until(lambda: env.inbox.unread == 2)
    # The click may come before the worker has written the entry.
    env.inbox.transfer_opened("t1")
    await until(lambda: env.inbox_env.unread == [2])
    assert env.inbox.unread == 1
    later = event.created_at.replace(hour=23)
    env.inbox_env.put("t1", at=later)
    env.inbox.refresh()
    await until(lambda: env.inbox.unread == 2)
    assert env.inbox_env.unread == [2, 3]
    await env.close()


async def test_a_refusal_is_not_for_ever(tmp_path: Path) -> None:
    env = Env(tmp_path)
    await env.come_in()
    env.env.answer = lambda _request: httpx.Response(401, text="proxy")
    reads = len(env.env.requests)
    env.inbox.refresh()
    await until(lambda: len(env.env.requests) > reads)
    await asyncio.sleep(0.05)  # It has taken the answer in.
    env.env.answer = None
    env.inbox_env.put("t1")
    env.session.changed.notify()
    await until(lambda: env.inbox.unread == 1)
    await env.close()


async def test_all_read_leaves_what_came_later(tmp_path: Path) -> None:
    env = Env(tmp_path)
    env.inbox_env.put("t1")
    env.inbox_env.put("t2")
    await env.come_in()
    env.inbox_env.put("t3")
    await env.inbox.mark_all_read()
    await until(lambda: env.inbox.unread == 1)
    assert env.inbox_env.unread == [3]
    await env.close()


async def test_older_ones_come_when_asked_for(tmp_path: Path) -> None:
    env = Env(tmp_path)
    for _ in range(70):
        env.inbox_env.put()
    await env.come_in()
    assert (len(env.inbox.entries), env.inbox.has_more) == (50, True)
    env.inbox.load_more()
    await until(lambda: len(env.inbox.entries) == 70)
    assert not env.inbox.has_more
    await env.close()


def test_text() -> None:
    inbox_env = ImageEnv().inbox_env
    at = datetime(2026, 11, 20, 18, 5, tzinfo=UTC)
    row = inbox_row(inbox_env.put(at=at), NOW, is_unread=True, zone=UTC)
    assert (row.tone, row.when) == ("good", "20 Nov, 18:05")
    assert row.spoken == "New. Imported: Run 1. 3 imported. 20 Nov, 18:05"
    tones = [
        inbox_row(inbox_env.put(**values), NOW, is_unread=False).tone
        for values in (
            {"state": "failed"},
            {"state": "cancelled"},
            {"kind": "item.trouble", "state": "needs-attention"},
        )
    ]
    assert tones == ["bad", "muted", "warn"]
