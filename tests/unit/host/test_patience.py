"""Call again for as long as the other side is away."""

from __future__ import annotations

import asyncio

import pytest

from transferapp.errors import StateConflict, Unavailable
from transferapp.host import patience as module
from transferapp.host.backoff import Backoff
from transferapp.host.patience import patience, patiently

QUICK = Backoff(0.001, 0.002)


class Away:
    """Is away so often, then answers or raises."""

    def __init__(self, times: int, end: Exception | None = None) -> None:
        self.times, self.end, self.asked = times, end, 0

    async def ask(self, text: str, *, more: str = "") -> str:
        self.asked += 1
        if self.asked <= self.times:
            raise Unavailable(f"away {self.asked}")
        if self.end is not None:
            raise self.end
        return text + more


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.patience, "__defaults__", (QUICK,))


async def test_it_asks_until_there_is_an_answer() -> None:
    away = Away(30)
    assert await patiently(away.ask, "a", more="b") == "ab"
    assert away.asked == 31


async def test_other_errors_end_it() -> None:
    away = Away(2, StateConflict())
    with pytest.raises(StateConflict):
        await patiently(away.ask, "a")
    assert away.asked == 3


async def test_it_reports_why_it_waits() -> None:
    reported: list[str] = []
    assert await patience(QUICK, on_wait=reported.append)(Away(2).ask, "a") == "a"
    assert reported == ["away 1", "away 2"]


async def test_a_cancellation_ends_it() -> None:
    asking = asyncio.create_task(patiently(Away(10**9).ask, "a"))
    await asyncio.sleep(0.02)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert asking.cancelled()


def test_the_pauses_grow_to_the_longest() -> None:
    assert [module.PAUSES.pause_s(n) for n in (0, 1, 50)] == [0.2, 0.4, 5.0]
