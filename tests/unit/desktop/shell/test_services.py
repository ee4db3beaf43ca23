"""What works behind the window: said when it does not, and taken back when it does again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.transfer_fakes import FakeSession, until
from transferapp.desktop.session.presenter import Connection
from transferapp.desktop.shell.services import ServicesPresenter
from transferapp.errors import ServerUnreachable
from transferapp.host.backoff import Backoff
from transferapp.host.endings import Ending
from transferapp.host.supervise import Supervisor
from transferapp.protocol.health import RepositoryState, ServerHealth

ENDED = Ending(
    datetime(2026, 11, 29, tzinfo=UTC), "OSError: [Errno 28] No space left on device"
)


class Env:
    """Services on a fake session, that look as often as they can."""

    def __init__(self) -> None:
        self.session = FakeSession()
        self.workers = "ok"
        self.error: Exception | None = None
        self.asked = 0
        self.last: Ending | None = None
        self.session.server.health = self.health  # type: ignore[attr-defined]
        self.services = ServicesPresenter(
            self.session.as_session(), ending=lambda _process: self.last, pause=self.pause
        )
        self.session.changed.notify()

    async def pause(self, _seconds: float) -> None:
        await asyncio.sleep(0.001)

    async def health(self) -> ServerHealth:
        self.asked += 1
        if self.error is not None:
            raise self.error
        repository = RepositoryState(state="progressing", detail="")
        parts: dict[str, Any] = {"status": "ok", "database": "ok", "queue": "ok"}
        return ServerHealth(**parts, workers=self.workers, repository=repository)


@pytest.fixture
async def inbox_env() -> AsyncIterator[Env]:
    made = Env()
    yield made
    await made.services.close()


async def test_all_is_well_is_no_news(inbox_env: Env) -> None:
    reported: list[str] = []
    inbox_env.services.changed.listen(lambda: reported.append("told"))
    await until(lambda: inbox_env.asked > 3)
    assert (reported, inbox_env.services.agent_notice, inbox_env.services.worker_notice) == (
        [],
        "",
        "",
    )


async def test_an_agent_that_ended_is_reported_with_its_last_line(inbox_env: Env) -> None:
    inbox_env.session.agent.here = False
    inbox_env.last = ENDED
    await until(lambda: inbox_env.services.agent_notice)
    stated = inbox_env.services.agent_notice
    assert stated.startswith(f"The workstation service ended: {ENDED.line}. ")
    assert "Start it with 'transferapp agent'" in stated
    assert stated.endswith("Uploads from here wait until then.")
    inbox_env.session.agent.here = True
    await until(lambda: not inbox_env.services.agent_notice)


async def test_one_that_was_killed_is_reported_without(inbox_env: Env) -> None:
    inbox_env.session.agent.here = False
    await until(lambda: inbox_env.services.agent_notice)
    assert inbox_env.services.agent_notice.startswith("Start it with 'transferapp agent'")


async def test_no_worker_is_reported_until_there_is_one(inbox_env: Env) -> None:
    inbox_env.workers = "No worker is at work."
    await until(lambda: inbox_env.services.worker_notice)
    assert "Tell your administrator" in inbox_env.services.worker_notice
    inbox_env.workers = "ok"
    await until(lambda: not inbox_env.services.worker_notice)


async def test_a_server_that_does_not_answer_is_the_sessions_to_show(inbox_env: Env) -> None:
    inbox_env.error = ServerUnreachable()
    await until(lambda: inbox_env.asked > 3)
    inbox_env.session.go(Connection.OFFLINE)
    await asyncio.sleep(0.02)
    asked = inbox_env.asked
    await asyncio.sleep(0.02)
    assert (inbox_env.asked, inbox_env.services.worker_notice) == (asked, "")


async def test_nobody_scans_once_she_has_signed_out(inbox_env: Env) -> None:
    inbox_env.workers = "No worker is at work."
    await until(lambda: inbox_env.services.worker_notice)
    inbox_env.session.signed_in = False
    await until(lambda: not inbox_env.services.worker_notice)
    asked = inbox_env.asked
    await asyncio.sleep(0.02)
    assert inbox_env.asked == asked
    inbox_env.session.signed_in = True
    inbox_env.session.changed.notify()
    await until(lambda: inbox_env.services.worker_notice)


async def test_what_keeps_failing_is_reported_until_it_goes_well(inbox_env: Env) -> None:
    async def fail() -> None:
        raise ValueError("odd")

    work = Supervisor("a page", fail, pauses=Backoff(0.001, 60.0))
    work.start()
    await until(lambda: inbox_env.services.background_notice)
    assert "a page (A defect ended it (ValueError)" in inbox_env.services.background_notice
    await work.stop()
    await until(lambda: not inbox_env.services.background_notice)
    inbox_env.session.agent.trouble = "This keeps failing: watch over sources"
    await until(lambda: "watch over sources" in inbox_env.services.background_notice)
    assert inbox_env.services.agent_notice == ""
    inbox_env.session.agent.trouble = ""
    await until(lambda: not inbox_env.services.background_notice)


async def test_a_defect_in_scanning_does_not_end_it(inbox_env: Env) -> None:
    shown: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: shown.append(str(context["exception"])))
    inbox_env.services._polling._pauses = Backoff(0.001, 60.0)
    inbox_env.error = ValueError("odd")
    await until(lambda: shown)
    inbox_env.error = None
    inbox_env.workers = "No worker is at work."
    await until(lambda: inbox_env.services.worker_notice)
    assert shown == ["odd"]
    loop.set_exception_handler(None)
