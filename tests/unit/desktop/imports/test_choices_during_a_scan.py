"""What a person does to the list while files are still being looked at holds afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.blocked_scan import BlockedScan, held, pictures
from tests.support.import_presenter_env import hand_over, presenter, session
from tests.support.transfer_fakes import FakeSession, until
from transferapp.desktop.imports.presenter import ImportPresenter

__all__ = ["hand_over", "held", "presenter", "session"]


async def test_ticks_hold(
    presenter: ImportPresenter, held: BlockedScan, tmp_path: Path
) -> None:
    scanning = asyncio.create_task(presenter.add([pictures(tmp_path / "a", 20)]))
    key = await held.first(presenter)
    presenter.include([key], included=False)
    assert not any(row.included for row in presenter.rows), "it shows at once"
    held.go_on.set()
    await scanning
    assert len(presenter.rows) == 20
    assert [row.key for row in presenter.rows if not row.included] == [key]
    assert "1 not ticked" in presenter.left_out


async def test_the_last_of_several_counts(
    presenter: ImportPresenter, held: BlockedScan, tmp_path: Path
) -> None:
    scanning = asyncio.create_task(presenter.add([pictures(tmp_path / "a", 3)]))
    key = await held.first(presenter)
    for included in (False, True, False, True):
        presenter.include([key], included=included)
    presenter.ignore([key], ignored=True)
    presenter.ignore([key], ignored=False)
    held.go_on.set()
    await scanning
    assert len(presenter.included) == 3


async def test_what_was_removed_does_not_come_back(
    presenter: ImportPresenter, held: BlockedScan, tmp_path: Path
) -> None:
    scanning = asyncio.create_task(presenter.add([pictures(tmp_path / "a", 20)]))
    key = await held.first(presenter)
    presenter.remove([key])
    assert not presenter.rows
    assert presenter.scanning is not None, "the rest is still looked at"
    held.go_on.set()
    await scanning
    assert len(presenter.rows) == 19
    assert key not in {row.key for row in presenter.rows}
    await presenter.scan_again()
    assert len(presenter.rows) == 19


async def test_a_stopped_scan_takes_its_choices_with_it(
    presenter: ImportPresenter, held: BlockedScan, tmp_path: Path
) -> None:
    folder = pictures(tmp_path / "a", 20)
    scanning = asyncio.create_task(presenter.add([folder]))
    presenter.include([await held.first(presenter)], included=False)
    presenter.cancel_scan()
    await scanning
    assert not presenter.rows
    held.go_on.set()
    await presenter.add([folder])
    assert len(presenter.included) == 20


async def test_what_is_dropped_meanwhile_is_scanned_at_next(
    presenter: ImportPresenter, held: BlockedScan, tmp_path: Path
) -> None:
    scanning = asyncio.create_task(presenter.add([pictures(tmp_path / "a", 20)]))
    await held.first(presenter)
    await presenter.add([pictures(tmp_path / "b", 5), pictures(tmp_path / "c", 5)])
    assert presenter.scanning_text.endswith("Then 2 more.")
    held.go_on.set()
    await scanning
    await until(lambda: len(presenter.rows) == 30 and presenter.scanning is None, 10)
    assert held.begun == 2


async def test_stop_and_clear_also_drop_what_waits(
    presenter: ImportPresenter, held: BlockedScan, tmp_path: Path
) -> None:
    for empty in (presenter.cancel_scan, presenter.clear):
        folder = pictures(tmp_path / empty.__name__, 5)
        scanning = asyncio.create_task(presenter.add([folder]))
        await held.first(presenter)
        await presenter.add([folder])
        empty()
        await scanning
        await asyncio.sleep(0.05)
        assert presenter.rows == ()
        assert presenter.scanning is None
        assert presenter.name == ""
    assert held.begun == 2


async def test_the_next_person_does_not_get_what_was_scanned_at(
    presenter: ImportPresenter, session: FakeSession, held: BlockedScan, tmp_path: Path
) -> None:
    scanning = asyncio.create_task(presenter.add([pictures(tmp_path / "a", 20)]))
    await held.first(presenter)
    session.sign_in_as("bob@http://localhost:8470")
    held.go_on.set()
    await scanning
    assert presenter.rows == ()
    assert presenter.name == ""


async def test_clearing_while_rows_are_taken_in_leaves_none(
    presenter: ImportPresenter, tmp_path: Path
) -> None:
    """Also when nothing looks at a cancel event any more: names are told apart in a thread."""
    folder = pictures(tmp_path / "a", 20)
    changes: list[int] = []

    def clear_once() -> None:
        if len(presenter.rows) and not changes:
            changes.append(1)
            presenter.clear()

    presenter.rows_changed.listen(clear_once)
    await presenter.add([folder])
    assert changes
    assert presenter.rows == ()
    await presenter.add([folder])
    assert len(presenter.rows) == 20
