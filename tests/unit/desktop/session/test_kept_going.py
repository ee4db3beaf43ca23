"""A defect in one page ends nothing that the desktop follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.image_env import URL, ImageEnv, until
from transferapp.desktop.inbox.presenter import InboxPresenter, Pauses
from transferapp.desktop.shell.notifications import NotificationsPresenter
from transferapp.host import supervise
from transferapp.host.backoff import Backoff
from transferapp.model.events import Event, EventKind
from transferapp.notify.port import Notification


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "PAUSES", Backoff(0.01, 0.02))
    monkeypatch.setattr("transferapp.client.events.RECONNECTS", Backoff(0.01, 0.01))


@pytest.fixture
async def shown() -> AsyncIterator[list[str]]:
    """What the banner would show."""
    found: list[str] = []
    loop = asyncio.get_running_loop()

    def show(_loop: object, context: dict[str, Any]) -> None:
        found.append(str(context["exception"]))

    loop.set_exception_handler(show)
    yield found
    loop.set_exception_handler(None)


async def test_events_go_on_after_a_page_that_failed(tmp_path: Path, shown: list[str]) -> None:
    env = ImageEnv()
    session = await env.signed_in(tmp_path)
    seen: list[int] = []

    def page(event: Event) -> None:
        seen.append(event.id)
        if event.id == 1:
            raise RuntimeError("a defect of a page")

    session.events.listen(page)
    await until(lambda: session.settings.seen_events)
    env.report(EventKind.ITEM_CHANGED)
    await until(lambda: seen == [1])
    env.report(EventKind.ITEM_CHANGED)
    await until(lambda: seen == [1, 2])
    assert shown == ["a defect of a page"]
    await session.close()


async def test_the_inbox_is_read_again_after_a_defect(tmp_path: Path, shown: list[str]) -> None:
    env = ImageEnv()
    session = env.session(tmp_path)
    inbox = InboxPresenter(session, pauses=Pauses(idle=600.0, least=0.005))
    failures = [RuntimeError("a defect of a page"), RuntimeError("again")]

    def page() -> None:
        if inbox.loaded and failures:
            raise failures.pop(0)

    inbox.changed.listen(page)
    await session.sign_in(URL, "anna", "pipette", remember=False)
    await until(lambda: not failures)
    env.inbox_env.put("t1")
    inbox.refresh()
    await until(lambda: inbox.unread == 1)
    assert shown == ["a defect of a page"], "the same sort of defect is shown once"
    await inbox.close()
    await session.close()


class Broken:
    """A notification service that fails once."""

    def __init__(self) -> None:
        self.reported: list[str] = []

    async def report(self, notification: Notification, _on_click: object = None) -> bool:
        self.reported.append(notification.title)
        if len(self.reported) == 1:
            raise RuntimeError("the bus said something odd")
        return True

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_notifications_go_on_after_a_defect(tmp_path: Path, shown: list[str]) -> None:
    env = ImageEnv()
    session = await env.signed_in(tmp_path)
    notifier = Broken()
    presenter = NotificationsPresenter(session, notifier, gather_s=0.01)
    running = asyncio.create_task(presenter.run())
    await until(lambda: session.settings.seen_events)
    env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: len(notifier.reported) == 1)
    env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: len(notifier.reported) == 2)
    assert shown == ["the bus said something odd"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await session.close()
