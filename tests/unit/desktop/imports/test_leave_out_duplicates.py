"""Leave these out: what the repository holds is unticked once every byte was compared."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.duplicate_files import HoldingServer
from tests.support.import_presenter_env import (
    EMBRYOS,
    LONG_AGO,
    HandOver,
    hand_over,
    presenter,
    session,
)
from tests.support.transfer_fakes import FakeSession, until
from transferapp import errors
from transferapp.client.contents import Contents
from transferapp.desktop.imports.list import FilesetRow
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan
from transferapp.model.drops import LeftOutReason
from transferapp.model.duplicates import DuplicateFileset, DuplicateMatch
from transferapp.protocol.duplicates import AskedItem

__all__ = ["hand_over", "presenter", "session"]


def tiff(path: Path, *, middle: int | None = None, edge: int = 1600) -> Path:
    """Write a TIFF of 5 MB (or less) of noise; ``middle`` changes a row in its middle."""
    pixels = np.random.default_rng(3).integers(0, 4096, (edge, edge), dtype=np.uint16)
    if middle is not None:
        pixels[edge // 2] = middle
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small and large files, and one that will be corrected in its middle."""
    made = tmp_path / "day 3"
    tiff(made / "small.tif", edge=64)
    tiff(made / "large.tif")
    tiff(made / "mask.tif")
    tiff(made / "new.tif", edge=65)
    return made


@pytest.fixture(autouse=True)
def holding(
    session: FakeSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> HoldingServer:
    """All but the new one is there already, as it was yesterday."""
    server = HoldingServer()
    for number, one in enumerate(group(scan([folder])), 1):
        if one.name != "new.tif":
            server.hold(one, DuplicateFileset(number, "anna", (number + 10,), ("Monday",)))
    tiff(folder / "mask.tif", middle=9)
    monkeypatch.setattr(session.server, "duplicates", server.duplicates)
    return server


def row(presenter: ImportPresenter, name: str) -> FilesetRow:
    return next(one for one in presenter.rows if one.name == name)


def ticked(presenter: ImportPresenter) -> set[str]:
    return {one.name for one in presenter.included}


async def test_only_the_same_bytes_are_left_out(
    presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    assert presenter.already_there == (
        "1 of these 4 filesets is in the repository already, byte for byte ('Monday'). 2 look"
        " the same as what is there: size, first and last MiB ('Monday')."
    )
    assert row(presenter, "small.tif").held is not None
    reported = {one.name: one.held.text if one.held else "" for one in presenter.rows}
    assert reported == {
        "small.tif": "In the repository already: Image:14 (Monday)",
        "large.tif": "Looks like Image:11 (Monday)",
        "mask.tif": "Looks like Image:12 (Monday)",
        "new.tif": "",
    }
    await presenter.leave_out_duplicates()
    assert ticked(presenter) == {"mask.tif", "new.tif"}
    assert presenter.already_there == ""
    assert row(presenter, "mask.tif").held is None, "its middle is another"
    large = row(presenter, "large.tif").held
    assert large is not None
    assert large.text == "In the repository already: Image:11 (Monday)"
    assert presenter.left_out == "Left out: 2 in the repository already."
    assert (presenter.scanning, presenter.trouble) == (None, None)


async def test_a_tick_takes_it_back(presenter: ImportPresenter, folder: Path) -> None:
    await presenter.add([folder])
    await presenter.leave_out_duplicates()
    presenter.include([row(presenter, "small.tif").key], included=True)
    assert ticked(presenter) == {"mask.tif", "new.tif", "small.tif"}
    assert "1 of these 3 filesets is in the repository" in presenter.already_there


async def test_what_is_handed_over_accounts_for_them(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path
) -> None:
    await presenter.add([folder])
    await presenter.leave_out_duplicates()
    presenter.include([row(presenter, "new.tif").key], included=False)
    presenter.targets.choose(EMBRYOS)
    await presenter.submit()
    [plan] = hand_over.plans
    assert [one.name for one in plan.candidates] == ["mask.tif"]
    assert plan.dropped is not None
    reported = {one.path.name: one for one in plan.dropped.left_out}
    reasons = {name: one.left_out.reason for name, one in reported.items()}
    assert reasons == {
        "small.tif": LeftOutReason.HELD,
        "large.tif": LeftOutReason.HELD,
        "new.tif": LeftOutReason.NOT_CHOSEN,
    }
    assert reported["large.tif"].hashed[0].inode == (folder / "large.tif").stat().st_ino
    assert reported["new.tif"].hashed == ()
    await presenter.close()


async def test_unticked_by_hand_without_comparing_it_is_missed(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path
) -> None:
    await presenter.add([folder])
    presenter.include([row(presenter, "large.tif").key], included=False)
    assert presenter.left_out == "Left out: 1 not ticked. Keep what is not imported."
    presenter.targets.choose(EMBRYOS)
    await presenter.submit()
    assert hand_over.plans[0].dropped is not None
    [left_out] = hand_over.plans[0].dropped.left_out
    assert left_out.left_out.reason is LeftOutReason.NOT_CHOSEN
    assert left_out.left_out.sentence.startswith("Looks the same as Image:11 (Monday)")
    await presenter.close()


async def test_images_of_others_are_left_out_and_missed(
    presenter: ImportPresenter, session: FakeSession, folder: Path
) -> None:
    session.username = "eve"
    await presenter.add([folder])
    await presenter.leave_out_duplicates()
    assert ticked(presenter) == {"mask.tif", "new.tif"}
    assert presenter.left_out == "Left out: 2 not ticked. Keep what is not imported."


async def test_what_changes_on_disk_is_compared_anew(
    presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    await presenter.leave_out_duplicates()
    os.utime(folder / "small.tif", (LONG_AGO + 5, LONG_AGO + 5))
    tiff(folder / "large.tif", middle=3)
    os.utime(folder / "large.tif", (LONG_AGO + 5, LONG_AGO + 5))
    await presenter.scan_again()
    small, large = row(presenter, "small.tif"), row(presenter, "large.tif")
    assert small.is_held, "the same bytes with another time"
    assert not large.is_held
    assert large.held is not None
    assert large.held.text.startswith("Looks like")


async def test_what_was_deleted_meanwhile_is_not_left_out(
    presenter: ImportPresenter, holding: HoldingServer, folder: Path
) -> None:
    await presenter.add([folder])
    assert row(presenter, "small.tif").is_held
    holding.held.clear()
    await presenter.leave_out_duplicates()
    assert len(presenter.included) == 4
    assert presenter.already_there == ""


async def test_stop_leaves_the_rest_ticked(
    presenter: ImportPresenter,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await presenter.add([folder])
    reads, go_on = threading.Event(), threading.Event()
    whole = Contents.whole

    def waits(self: Contents, *given: object) -> object:
        reads.set()
        assert go_on.wait(10)
        return whole(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Contents, "whole", waits)
    leaving = asyncio.ensure_future(presenter.leave_out_duplicates())
    assert await asyncio.to_thread(reads.wait, 10)
    assert presenter.scanning is not None
    assert presenter.scanning.text == (
        "Comparing every byte with the repository: 0 bytes of 10.2 MB…"
    )
    assert presenter.why_not == "The files are still being checked."
    presenter.cancel_scan()
    go_on.set()
    await leaving
    assert ticked(presenter) == {"small.tif", "large.tif", "mask.tif", "new.tif"}
    assert presenter.trouble is None
    await until(lambda: presenter.scanning is None)
    assert presenter.already_there, "it can be tried again"


async def test_a_server_that_goes_away_meanwhile_is_reported(
    presenter: ImportPresenter,
    session: FakeSession,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await presenter.add([folder])

    async def away(_items: Sequence[AskedItem]) -> list[DuplicateMatch]:
        raise errors.ServerUnreachable

    monkeypatch.setattr(session.server, "duplicates", away)
    await presenter.leave_out_duplicates()
    assert isinstance(presenter.trouble, errors.ServerUnreachable)
    assert len(presenter.included) == 4
    assert presenter.scanning is None


async def test_other_checksums_cannot_prove_it(
    presenter: ImportPresenter, holding: HoldingServer, folder: Path
) -> None:
    holding.keeps_sha1 = False
    await presenter.add([folder])
    await presenter.leave_out_duplicates()
    assert len(presenter.included) == 4
    assert presenter.already_there == "", "more cannot be known, so nobody is asked again"


async def test_clearing_the_list_stops_reading(
    presenter: ImportPresenter,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads, stopped = threading.Event(), threading.Event()

    def waits(_self: Contents, _file: object, cancel: threading.Event) -> str:
        reads.set()
        if cancel.wait(10):
            stopped.set()
        raise errors.Cancelled

    monkeypatch.setattr(Contents, "ends", waits)
    adding = asyncio.ensure_future(presenter.add([folder]))
    assert await asyncio.to_thread(reads.wait, 10)
    assert len(presenter.rows) == 4, "the list does not wait for it"
    presenter.clear()
    await adding
    assert stopped.is_set()
    await until(lambda: presenter.rows == ())
