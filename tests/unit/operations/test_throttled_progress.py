"""News of a thread are passed on once in a while, the newest only, and silence stays so."""

from __future__ import annotations

import asyncio

import pytest

from transferapp.errors import StateConflict, Unavailable
from transferapp.operations import throttled_progress as module
from transferapp.operations.throttled_progress import throttled_progress


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRESS_EVERY_S", 0.02)


async def test_only_the_newest_and_only_once() -> None:
    passed: list[int] = []

    async def note(news: int) -> None:
        passed.append(news)

    async with throttled_progress(note) as report:
        for number in range(100):
            report(number)
        await asyncio.sleep(0.1)
        report(100)
        await asyncio.sleep(0.1)
    assert passed == [99, 100]


async def test_nothing_is_written_after_the_end() -> None:
    """What is under way is waited for: an old number must not overwrite the next step's."""
    passed: list[int] = []
    begun = asyncio.Event()

    async def slowly(news: int) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        passed.append(news)

    async with throttled_progress(slowly) as report:
        report(1)
        await begun.wait()
        report(2)
    assert passed == [1]
    await asyncio.sleep(0.1)
    assert passed == [1]


async def test_a_database_that_is_away_fails_no_work() -> None:
    passed: list[int] = []

    async def away(news: int) -> None:
        passed.append(news)
        if news == 1:
            raise Unavailable

    async with throttled_progress(away) as report:
        report(1)
        await asyncio.sleep(0.05)
        report(2)
        await asyncio.sleep(0.05)
    assert passed == [1, 2]


async def test_the_works_own_error_comes_out() -> None:
    async def note(_news: int) -> None:
        return

    with pytest.raises(StateConflict):
        async with throttled_progress(note):
            raise StateConflict
