"""Output on its way to the store: stamped, limited, and repeated exactly after a fault."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from transferapp.commands import recording
from transferapp.commands.port import OutputPiece
from transferapp.commands.recording import OutputKeeping, OutputRecorder
from transferapp.errors import StateConflict

STAMP = "2026-11-21T10:00:00.000Z "


class FixedClock:
    """Always the same time."""

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 10, tzinfo=UTC)


class Store:
    """Keeps pieces as the real one: what is there already changes nothing."""

    def __init__(self) -> None:
        self.text = b""
        self.cut = False
        self.faults: list[Exception] = []

    async def write(self, piece: OutputPiece) -> None:
        if self.faults:
            raise self.faults.pop(0)
        assert piece.start == len(self.text)
        assert piece.text.endswith(b"\n")
        self.text += piece.text
        self.cut |= piece.cut

    def lines(self) -> list[str]:
        return [line.removeprefix(STAMP) for line in self.text.decode().splitlines()]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "FLUSH_S", 0.0)


def recorder(store: Store, limit_bytes: int = 10_000, kept_bytes: int = 0) -> OutputRecorder:
    return OutputRecorder(store.write, FixedClock(), OutputKeeping(limit_bytes, kept_bytes))


async def test_lines_are_stamped_and_the_last_needs_no_end() -> None:
    store = Store()
    one = recorder(store)
    async with one.recording():
        await one.take(b"first\nsec")
        await one.take(b"ond")
        one.show("ours")
    assert store.text.decode() == (f"{STAMP}first\n{STAMP}[transferapp] ours\n{STAMP}second\n")


async def test_it_is_cut_at_the_limit_with_a_sentence() -> None:
    store = Store()
    one = recorder(store, limit_bytes=1024)
    async with one.recording():
        for _ in range(1000):
            await one.take(b"0123456789\n")
        one.show("the end")
    lines = store.lines()
    assert store.cut
    assert len(store.text) < 1024 + 200
    assert "more than the 1.0 KiB that are kept" in lines[-2]
    assert lines[-1] == "[transferapp] the end"


async def test_the_limit_counts_earlier_attempts() -> None:
    store = Store()
    store.text = b"x" * 1000
    one = recorder(store, limit_bytes=1024, kept_bytes=1000)
    async with one.recording():
        await one.take(b"no room any more\n")
    assert b"no room" not in store.text
    assert store.cut


async def test_much_output_makes_the_program_wait_and_arrives() -> None:
    store = Store()
    one = recorder(store, limit_bytes=10_000_000)
    async with one.recording():
        for _ in range(40):
            await one.take(b"0123456789" * 1000 + b"\n")
            assert len(one._waiting) < 300_000
    assert len(store.lines()) == 40


async def test_a_writer_that_fails_holds_nobody_up() -> None:
    store = Store()
    store.faults = [StateConflict("taken over")]
    one = recorder(store)
    async with one.recording() as writing:
        await one.take(b"line\n")
        await asyncio.wait({writing})
        await one.take(b"x" * 1_000_000 + b"\n")
        await one.take(b"x" * 1_000_000 + b"\n")
        assert isinstance(writing.exception(), StateConflict)
    assert store.text == b""
