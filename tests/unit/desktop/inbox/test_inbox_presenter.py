"""What happened while away: read once and for all, on whichever computer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.support.image_house import NOW, URL, ImageHouse, until
from transferapp.desktop.inbox.presenter import InboxPresenter, Pauses
from transferapp.desktop.inbox.words import inbox_row
from transferapp.desktop.session.presenter import Connection, SessionPresenter
from transferapp.host.backoff import Backoff
from transferapp.model.events import EventKind

#: Nothing here comes by looking now and then.
FAST = Pauses(idle=600.0, least=0.005)


class Scene:
    """A signed-in person with an inbox."""

    def __init__(self, folder: Path, pauses: Pauses = FAST) -> None:
        self.house = ImageHouse()
        self.desk = self.house.desk
        self.session: SessionPresenter = self.house.session(folder)
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
    scene = Scene(tmp_path)
    scene.desk.put(read_at=NOW)
    scene.desk.put("t2")
    assert (scene.inbox.loaded, scene.inbox.unread) == (False, 0)
    await scene.come_in()
    assert [entry.id for entry in scene.inbox.entries] == [2, 1]
    assert scene.inbox.unread == 1
    assert scene.desk.unread == [2]  # Being shown is not being read.
    await scene.session.sign_out()
    assert (scene.inbox.entries, scene.inbox.unread) == ([], 0)
    await scene.close()


async def test_opening_goes_to_the_transfer_and_tells_the_server(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.desk.put("t1")
    scene.desk.put("t2")
    await scene.come_in()
    first = scene.inbox.entries[1]
    scene.inbox.open(first)
    assert (scene.went, scene.inbox.unread) == (["t1"], 1)
    assert not scene.inbox.is_unread(first)
    await until(lambda: scene.desk.unread == [2])
    scene.inbox.open(first)
    assert (scene.went, scene.inbox.unread) == (["t1", "t1"], 1)
    await scene.close()


async def test_what_was_opened_in_an_outage_is_told_afterwards(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.desk.put("t1")
    await scene.come_in()
    scene.house.go_down()
    scene.inbox.open(scene.inbox.entries[0])
    await until(lambda: scene.inbox.notice)
    assert scene.desk.unread == [1]
    assert len(scene.inbox.entries) == 1  # What is known stays.
    scene.house.down = False
    await until(lambda: not scene.desk.unread, 10)
    assert scene.inbox.notice == ""
    await scene.close()


async def test_what_comes_and_what_another_computer_read_is_known_by_the_event(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path)
    await scene.come_in()
    await until(lambda: scene.session.settings.seen_events)
    scene.desk.put("t1")
    scene.house.tell(EventKind.INBOX_CHANGED, "")
    await until(lambda: scene.inbox.unread == 1)
    scene.desk.read(1)
    scene.house.tell(EventKind.INBOX_CHANGED, "")
    await until(lambda: scene.inbox.unread == 0)
    await scene.close()


async def test_a_change_that_nobody_told_is_found_a_little_later(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Pauses(idle=0.05, least=0.005))
    await scene.come_in()
    scene.desk.put("t1")
    await until(lambda: scene.inbox.unread == 1)
    await scene.close()


async def test_after_an_outage_it_looks_whatever_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.client.events.RECONNECTS", Backoff(0.01, 0.01))
    scene = Scene(tmp_path)
    await scene.come_in()
    await until(lambda: scene.session.settings.seen_events)
    scene.house.go_down()
    await until(lambda: scene.session.connection is Connection.OFFLINE)
    scene.desk.put("t1")
    scene.house.down = False
    await until(lambda: scene.inbox.unread == 1)
    await scene.close()


async def test_missed_events_make_it_read_anew(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await scene.come_in()
    scene.desk.put("t1")
    scene.session.missed.notify()
    await until(lambda: scene.inbox.unread == 1)
    assert scene.inbox.notice == ""
    await scene.close()


async def test_only_a_clicked_notification_makes_its_entries_read(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await scene.come_in()
    await until(lambda: scene.session.settings.seen_events)
    event = scene.house.tell(EventKind.TRANSFER_ENDED, "t1")
    scene.desk.put("t1", at=event.created_at)
    scene.desk.put("t2", at=event.created_at)
    scene.house.tell(EventKind.INBOX_CHANGED, "")
    await until(lambda: scene.inbox.unread == 2)
    # The click may come before the worker has written the entry.
    scene.inbox.transfer_opened("t1")
    await until(lambda: scene.desk.unread == [2])
    assert scene.inbox.unread == 1
    later = event.created_at.replace(hour=23)
    scene.desk.put("t1", at=later)
    scene.inbox.refresh()
    await until(lambda: scene.inbox.unread == 2)
    assert scene.desk.unread == [2, 3]
    await scene.close()


async def test_a_refusal_is_not_for_ever(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await scene.come_in()
    scene.house.answer = lambda _request: httpx.Response(401, text="proxy")
    reads = len(scene.house.requests)
    scene.inbox.refresh()
    await until(lambda: len(scene.house.requests) > reads)
    await asyncio.sleep(0.05)  # It has taken the answer in.
    scene.house.answer = None
    scene.desk.put("t1")
    scene.session.changed.notify()
    await until(lambda: scene.inbox.unread == 1)
    await scene.close()


async def test_all_read_leaves_what_came_later(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.desk.put("t1")
    scene.desk.put("t2")
    await scene.come_in()
    scene.desk.put("t3")
    await scene.inbox.mark_all_read()
    await until(lambda: scene.inbox.unread == 1)
    assert scene.desk.unread == [3]
    await scene.close()


async def test_older_ones_come_when_asked_for(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    for _ in range(70):
        scene.desk.put()
    await scene.come_in()
    assert (len(scene.inbox.entries), scene.inbox.has_more) == (50, True)
    scene.inbox.load_more()
    await until(lambda: len(scene.inbox.entries) == 70)
    assert not scene.inbox.has_more
    await scene.close()


def test_words() -> None:
    desk = ImageHouse().desk
    at = datetime(2026, 11, 20, 18, 5, tzinfo=UTC)
    row = inbox_row(desk.put(at=at), NOW, is_unread=True, zone=UTC)
    assert (row.tone, row.when) == ("good", "20 Nov, 18:05")
    assert row.spoken == "New. Imported: Run 1. 3 imported. 20 Nov, 18:05"
    tones = [
        inbox_row(desk.put(**values), NOW, is_unread=False).tone
        for values in (
            {"state": "failed"},
            {"state": "cancelled"},
            {"kind": "item.trouble", "state": "needs-attention"},
        )
    ]
    assert tones == ["bad", "muted", "warn"]
