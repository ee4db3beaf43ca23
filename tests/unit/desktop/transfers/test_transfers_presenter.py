"""The Transfers presenter follows both sides and goes on when one is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.transfer_fakes import (
    FakeSession,
    StillClock,
    event,
    item,
    transfer,
    until,
    view,
)
from transferapp import errors
from transferapp.desktop.session.presenter import Connection
from transferapp.desktop.transfers import presenter as module
from transferapp.desktop.transfers.board import RowBatch, TransferBoard
from transferapp.desktop.transfers.presenter import TransfersPresenter
from transferapp.desktop.transfers.speed_meter import SpeedMeter
from transferapp.errors import Invalid
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import PlacementView

ONE, TWO = f"{1:032x}", f"{2:032x}"


@pytest.fixture
def session() -> FakeSession:
    made = FakeSession()
    made.server.put(transfer(1), transfer(2, state=ItemState.IMPORTED))
    return made


@pytest.fixture
async def presenter(session: FakeSession) -> AsyncIterator[TransfersPresenter]:
    async def pause(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    made = TransfersPresenter(session.as_session(), clock=StillClock(), pause=pause)
    made.start()
    await until(lambda: made.loaded and len(made.rows) == 2)
    yield made
    await made.close()


async def test_it_lists_what_the_server_knows(presenter: TransfersPresenter) -> None:
    assert {row.name for row in presenter.rows.values()} == {"Embryo 1", "Embryo 2"}


async def test_it_adds_what_the_agent_states(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.agent.show(view(1, files_done=7), view(3, name="Only here"))
    await until(lambda: len(presenter.rows) == 3)
    assert presenter.rows[ONE].files_done == 7
    assert presenter.rows[f"{3:032x}"].name == "Only here"


async def test_an_event_makes_it_ask_again(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.server.put(transfer(1, state=ItemState.IMPORTED))
    session.events.notify(event(ONE))
    await until(lambda: presenter.rows[ONE].state is ItemState.IMPORTED)


async def test_missed_events_make_it_read_all_anew_in_silence(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.server.put(transfer(2, state=ItemState.FAILED), transfer(7))
    session.missed.notify()
    await until(lambda: len(presenter.rows) == 3)
    assert presenter.rows[TWO].state is ItemState.FAILED
    assert presenter.server_notice == ""


async def test_news_of_the_inbox_are_no_reason_to_ask(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.server.put(transfer(1, state=ItemState.IMPORTED))
    session.events.notify(event(ONE))
    await until(lambda: presenter.rows[ONE].ended)  # Nothing is looked after any more.
    await asyncio.sleep(0.05)
    asked = len(session.server.calls)
    session.events.notify(replace(event(""), kind=EventKind.INBOX_CHANGED))
    await asyncio.sleep(0.05)
    assert len(session.server.calls) == asked


async def test_scanning_after_what_moves_asks_for_no_transfer_that_is_none(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    assert any(not row.ended for row in presenter.rows.values())
    asked = len(session.server.calls)
    await until(lambda: len(session.server.calls) > asked + 3)
    assert {call[0] for call in session.server.calls} == {"transfers"}


@pytest.mark.usefixtures("presenter")
async def test_many_events_are_few_questions(session: FakeSession) -> None:
    before = len(session.server.calls)
    for number in range(1000):
        session.events.notify(event(ONE, number))
    await asyncio.sleep(0.05)
    assert len(session.server.calls) - before < 20


async def test_all_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    session = FakeSession()
    session.server.put(*(transfer(n) for n in range(10)))
    presenter = TransfersPresenter(session.as_session(), clock=StillClock())
    presenter.start()
    await until(lambda: len(presenter.rows) == 10)
    await presenter.close()


async def test_a_server_away_is_stated_and_the_agent_still_heard(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.server.error = errors.ServerUnreachable()
    session.go(Connection.OFFLINE)
    assert "continue by themselves" in presenter.server_notice
    session.agent.show(view(1, files_done=9))
    await until(lambda: presenter.rows[ONE].files_done == 9)
    session.server.error = None
    session.server.put(transfer(2, state=ItemState.FAILED))
    session.go(Connection.ONLINE)
    assert presenter.server_notice == ""
    await until(lambda: presenter.rows[TWO].state is ItemState.FAILED)


async def test_what_an_agent_that_is_away_was_moving_stands_until_it_answers(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.agent.show(view(1))
    await until(lambda: presenter.rows[ONE].on_agent)
    session.agent.lose()
    await until(lambda: presenter.rows[ONE].state is ItemState.STALLED)
    session.agent.here = True
    await until(lambda: presenter.rows[ONE].state is ItemState.UPLOADING)


async def test_another_person_sees_nothing_of_the_first(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    resets: list[RowBatch] = []
    presenter.batches.listen(resets.append)
    session.server.known.clear()
    session.sign_in_as("bob@http://localhost:8470")
    assert not presenter.rows
    assert resets[0].reset


async def test_details_are_kept_fresh(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.server.items[ONE] = (item(1),)
    await presenter.select(ONE)
    assert presenter.details is not None
    session.server.items[ONE] = (item(1, state=ItemState.IMPORTED),)
    session.events.notify(event(ONE))
    await until(lambda: presenter.details.items[0].state is ItemState.IMPORTED)  # type: ignore[union-attr]


async def test_cancel_reports_both_sides(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    await presenter.cancel(ONE)
    assert ("cancel", ONE) in session.server.calls
    assert ("cancel", ONE) in session.agent.calls


async def test_cancel_fails_loudly_when_the_server_is_away(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.server.error = errors.ServerUnreachable()
    with pytest.raises(errors.ServerUnreachable):
        await presenter.cancel(ONE)


async def test_retry_is_content_with_one_side(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.agent.here = False
    await presenter.retry(ONE)
    session.agent.here, session.server.error = True, errors.StateConflict()
    await presenter.retry(ONE)
    session.agent.here = False
    with pytest.raises(errors.StateConflict):
        await presenter.retry(ONE)


async def test_retry_renews_a_permission_that_ran_out(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    session.agent.show(view(1, state="needs-attention", trouble_code="grant-refused"))
    await until(lambda: presenter.rows[ONE].on_agent)
    await presenter.retry(ONE)
    assert session.agent.calls == [
        ("submit", ONE, "ta1_fresh"),
        ("send_changed_anew", ONE),
        ("retry", ONE),
    ]


async def test_items_are_retried_one_by_one(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    await presenter.retry_item(ONE, "item1")
    await presenter.cancel_item(ONE, "item2")
    assert ("retry", ONE, "item1") in session.server.calls
    assert ("send_changed_anew", ONE, "item1") in session.agent.calls
    assert ("cancel", ONE, "item2") in session.server.calls


async def test_batches_come_ten_times_a_second_at_most() -> None:
    board = TransferBoard(StillClock())
    batches: list[RowBatch] = []
    board.batches.listen(batches.append)
    for done in range(1000):
        board.put_view(view(1, bytes_done=done))
        board.put_view(view(2, bytes_done=done))
    assert not batches
    await until(lambda: batches)
    assert len(batches) == 1
    assert {row.bytes_done for row in batches[0].changed} == {999}


async def test_it_knows_where_an_exported_item_is(
    session: FakeSession, presenter: TransfersPresenter
) -> None:
    placed = PlacementView(item_id="item1", path="/data/Position1", placed=True)
    coming = PlacementView(item_id="item2", path="/data/Position1 (2)", placed=False)
    session.agent.placed = [placed, coming]
    assert await presenter.placement(item(1)) == placed
    for unknown in (item(2), item(3)):
        with pytest.raises(errors.NotFound, match="not placed"):
            await presenter.placement(unknown)


async def test_a_forgotten_transfer_leaves_the_board() -> None:
    board = TransferBoard(StillClock())
    batches: list[RowBatch] = []
    board.batches.listen(batches.append)
    board.put_view(view(1))
    board.put_transfers([transfer(1)])
    board.flush()
    board.drop_view(ONE)
    board.flush()
    assert ONE in board.rows
    board.drop_transfer(ONE)
    board.flush()
    assert batches[-1].removed == (ONE,)


def test_speed_is_smooth_and_finds_the_truth() -> None:
    meter = SpeedMeter()
    assert meter.feed(0, 0.0) == 0.0
    for second in range(1, 30):
        meter.feed(second * 1_000_000, float(second))
    assert meter.bytes_per_s == pytest.approx(1_000_000)
    jumped = meter.feed(39_000_000, 30.0)
    assert 1_000_000 < jumped < 4_000_000
    for second in range(31, 60):
        meter.feed(39_000_000, float(second))
    assert meter.bytes_per_s < 50_000


def test_speed_survives_a_restart_from_zero() -> None:
    meter = SpeedMeter()
    meter.feed(0, 0.0)
    meter.feed(1000, 1.0)
    assert meter.feed(0, 2.0) == 1000


async def test_a_receipt_is_saved_in_place_of_what_is_there(
    presenter: TransfersPresenter, tmp_path: Path
) -> None:
    """The dialog has asked; a server without keys hinders nothing."""
    place = tmp_path / "r.jws"
    place.write_bytes(b"an older one")
    await presenter.save_receipt(ONE, place)
    assert place.read_bytes() == b"a.b.c\n"
    with pytest.raises(Invalid, match="cannot be written"):
        await presenter.save_receipt(ONE, tmp_path / "none" / "r.jws")
