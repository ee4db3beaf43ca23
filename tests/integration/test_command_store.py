"""Runs of commands on both databases: who may write, pages, and what is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, postgres_server
from transferapp.commands.port import Change, NewRun, OutputPiece, RunState
from transferapp.commands.stores.sql import SqlCommandRuns
from transferapp.errors import NotFound, StateConflict
from transferapp.host.database import open_engine, sqlite_url
from transferapp.testing.moved_clock import MovedClock

__all__ = ["postgres_server"]

DONE = Change(RunState.DONE, exit_code=0)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def runs(
    request: pytest.FixtureRequest, tmp_path: Path, clock: MovedClock
) -> Iterator[SqlCommandRuns]:
    url = sqlite_url(tmp_path / "runs.db")
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
    engine = open_engine(url)
    yield SqlCommandRuns(engine, clock)
    engine.dispose()


def new(number: int = 1, owner: str = "ada") -> NewRun:
    return NewRun(f"{number:032x}", "count", owner, {"times": str(number)})


async def test_the_same_request_is_one_run(runs: SqlCommandRuns) -> None:
    first = await runs.add(new())
    assert (first.state, first.attempts, first.parameters) == (
        RunState.QUEUED,
        0,
        {"times": "1"},
    )
    again = NewRun(first.id, "count", "ada", {"times": "2"})
    assert await runs.add(again) == first
    with pytest.raises(NotFound):
        await runs.get("0" * 32)


async def test_only_the_newest_attempt_may_write(runs: SqlCommandRuns) -> None:
    run_id = (await runs.add(new())).id
    await runs.begin(run_id, "one", attempts=1)
    await runs.append(run_id, "one", OutputPiece(0, b"first\n"))
    second = await runs.begin(run_id, "two", attempts=2)
    assert (second.attempts, second.output_bytes) == (2, 6)
    with pytest.raises(StateConflict):
        await runs.append(run_id, "one", OutputPiece(6, b"late\n"))
    await runs.attempt_ended(run_id, "one", DONE)
    assert (await runs.get(run_id)).state is RunState.RUNNING
    await runs.append(run_id, "two", OutputPiece(6, b"second\n", cut=True))
    await runs.attempt_ended(run_id, "two", DONE)
    ended = await runs.get(run_id)
    assert (ended.state, ended.exit_code, ended.truncated) == (RunState.DONE, 0, True)
    with pytest.raises(StateConflict):
        await runs.append(run_id, "two", OutputPiece(13, b"more\n"))
    assert await runs.output(run_id) == b"first\nsecond\n"


async def test_a_piece_whose_receipt_was_lost_is_there_once(runs: SqlCommandRuns) -> None:
    run_id = (await runs.add(new())).id
    await runs.begin(run_id, "one", attempts=1)
    piece = OutputPiece(0, "gr\u00f6\u00dfer\n".encode())
    await runs.append(run_id, "one", piece)
    await runs.append(run_id, "one", piece)
    assert await runs.output(run_id) == piece.text
    assert (await runs.get(run_id)).output_bytes == len(piece.text)


async def test_output_from_anywhere(runs: SqlCommandRuns) -> None:
    run_id = (await runs.add(new())).id
    await runs.begin(run_id, "one", attempts=1)
    for start in range(0, 100, 10):
        await runs.append(run_id, "one", OutputPiece(start, b"012345678\n"))
    whole = b"012345678\n" * 10
    for after in (0, 1, 9, 10, 55, 99):
        assert await runs.output(run_id, after) == whole[after:]
    assert await runs.output(run_id, 100) == b""
    assert await runs.output(run_id, 5, limit=10) == whole[5:20]


async def test_what_the_queue_decides_comes_once(runs: SqlCommandRuns) -> None:
    run_id = (await runs.add(new())).id
    await runs.settle(run_id, Change(RunState.WAITING, message="tried again"))
    assert (await runs.get(run_id)).message == "tried again"
    await runs.settle(run_id, Change(RunState.FAILED, message="gone"))
    await runs.settle(run_id, Change(RunState.CANCELLED, message="late"))
    ended = await runs.get(run_id)
    assert (ended.state, ended.message) == (RunState.FAILED, "gone")
    assert ended.ended_at is not None
    # An administrator lets it run again.
    again = await runs.begin(run_id, "again", attempts=1)
    assert (again.state, again.message, again.ended_at) == (RunState.RUNNING, "", None)


async def test_pages_and_owners(runs: SqlCommandRuns, clock: MovedClock) -> None:
    for number in range(1, 6):
        await runs.add(new(number))
        if number % 2:
            clock.advance(seconds=1)
    await runs.add(new(9, "bob"))
    ids = [f"{number:032x}" for number in (5, 4, 3, 2, 1)]
    found = [one.id for one in await runs.runs("ada")]
    assert sorted(found) == sorted(ids)
    first = await runs.runs("ada", limit=2)
    rest = await runs.runs("ada", after=first[-1].id)
    assert [one.id for one in (*first, *rest)] == found
    assert found[0] == ids[0]
    assert len(await runs.runs()) == 6


async def test_ended_runs_are_forgotten_with_their_output(
    runs: SqlCommandRuns, clock: MovedClock
) -> None:
    old, kept = (await runs.add(new(1))).id, (await runs.add(new(2))).id
    for run_id in (old, kept):
        await runs.begin(run_id, "t", attempts=1)
        await runs.append(run_id, "t", OutputPiece(0, b"x\n"))
    await runs.attempt_ended(old, "t", DONE)
    clock.advance(days=31)
    assert await runs.forget_ended(timedelta(days=30)) == 1
    assert await runs.output(old) == b""
    assert await runs.output(kept) == b"x\n"
    with pytest.raises(NotFound):
        await runs.get(old)


async def test_many_at_once_are_one(runs: SqlCommandRuns) -> None:
    found = await asyncio.gather(*(runs.add(new()) for _ in range(8)))
    assert len({one.created_at for one in found}) == 1
    assert len(await runs.runs()) == 1
