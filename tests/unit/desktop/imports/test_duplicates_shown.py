"""What the repository holds already: told, told anew, never in the way."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tests.support.import_presenter_env import (
    EMBRYOS,
    LONG_AGO,
    SCREEN,
    folder,
    hand_over,
    presenter,
    session,
)
from tests.support.transfer_fakes import (
    FakeSession,
    until,
)
from transferapp import errors
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.model.duplicates import DuplicateFileset, DuplicateMatch

__all__ = ["folder", "hand_over", "presenter", "session"]

FILESET = DuplicateFileset(1, "anna", (7,), ("Monday",))
MONDAY = DuplicateMatch(same_bytes=(FILESET,))
CELL = "Embryo 🔬 day 3/cells/cell.png"


async def test_what_is_there_already_is_reported_and_hinders_nothing(
    presenter: ImportPresenter, session: FakeSession, folder: Path
) -> None:
    session.server.held = {CELL: MONDAY}
    await presenter.add([folder])
    assert presenter.already_there.startswith("1 of these 2 filesets is in the repository")
    assert "'Monday'" in presenter.already_there
    presenter.targets.choose(EMBRYOS)
    assert presenter.why_not == ""
    cells = next(row.key for row in presenter.rows if row.name == "cell.png")
    presenter.include([cells], included=False)
    assert presenter.already_there == ""
    presenter.include([cells], included=True)
    presenter.dismiss_already_there()
    assert presenter.already_there == ""
    presenter.clear()
    await presenter.add([folder / "cells"])
    assert presenter.already_there == "", "dropped alone it has another client path"


async def test_check_again_asks_anew_what_is_there(
    presenter: ImportPresenter, session: FakeSession, folder: Path
) -> None:
    await presenter.add([folder])
    assert presenter.already_there == ""
    session.server.held = {CELL: MONDAY}
    await presenter.check_again()
    assert presenter.already_there.startswith("1 of these 2 filesets")
    presenter.dismiss_already_there()
    await presenter.check_again()
    assert presenter.already_there, "she asked for it"
    session.server.held = {}
    await presenter.check_again()
    assert presenter.already_there == ""


async def test_changed_files_are_asked_about_by_themselves_and_only_these(
    presenter: ImportPresenter, session: FakeSession, folder: Path
) -> None:
    session.server.held = {CELL: MONDAY}
    await presenter.add([folder])
    presenter.dismiss_already_there()
    asked = session.server.calls.count(("duplicates",))
    await presenter.scan_again()
    assert session.server.calls.count(("duplicates",)) == asked, "nothing has changed"
    picture = folder / "cells" / "cell.png"
    picture.write_bytes(picture.read_bytes() + b"more")
    os.utime(picture, (LONG_AGO, LONG_AGO))
    session.server.held = {}
    await presenter.scan_again()
    assert session.server.calls.count(("duplicates",)) == asked + 1
    assert presenter.already_there == ""


async def test_another_target_asks_anew_but_does_not_repeat_what_was_read(
    presenter: ImportPresenter, session: FakeSession, folder: Path
) -> None:
    await presenter.add([folder])
    session.server.held = {CELL: MONDAY}
    presenter.targets.choose(EMBRYOS)
    await until(lambda: presenter.already_there)
    presenter.dismiss_already_there()
    asked = session.server.calls.count(("duplicates",))
    presenter.targets.choose(SCREEN)
    await until(lambda: session.server.calls.count(("duplicates",)) > asked)
    await asyncio.sleep(0)
    assert presenter.already_there == ""


async def test_a_server_that_does_not_show_what_is_there_is_no_problem(
    presenter: ImportPresenter, session: FakeSession, folder: Path
) -> None:
    session.server.error = errors.ServerUnreachable()
    await presenter.add([folder])
    assert len(presenter.included) == 2
    assert (presenter.already_there, presenter.trouble) == ("", None)
