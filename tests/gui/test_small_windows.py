"""The smallest window that can be made shows every word and button in full."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.support.qt_story import named, play
from tests.support.seen_whole import cut_off
from tests.support.shell_env import Env as ShellEnv, Play as ShellPlay
from tests.support.transfer_fakes import (
    FakeSession,
    StillClock,
    item,
    problem,
    transfer,
    until,
)
from transferapp import errors
from transferapp.desktop.imports.page import ImportPage
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.desktop.session.presenter import Connection
from transferapp.desktop.shell.main_window import LEAST_SIZE, RAIL_WIDTH
from transferapp.desktop.shell.notices import Notices
from transferapp.desktop.shell.services import ServicesPresenter
from transferapp.desktop.transfers.page import TransfersPage
from transferapp.desktop.transfers.presenter import TransfersPresenter
from transferapp.host.resources import resource
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.duplicates import DuplicateFileset, DuplicateMatch
from transferapp.model.transfers import ItemState

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]

HEADER_HEIGHT = 52
#: Windows in pixels: the least one, and that of an old projector.
SIZES = (LEAST_SIZE, (1024, 700))
LONG = "2026-11-21_wing-disc_dpp-GFP_40x_NA1.3_tile-scan_after-reconstruction_final_v3_really"
EMBRYOS = ContainerRef(ContainerKind.DATASET, 5)
ONE = f"{1:032x}"


def show(page: QWidget, size: tuple[int, int], qtbot: QtBot) -> None:
    """Show a page as large as a window of this size lets it be."""
    qtbot.addWidget(page)
    page.setFixedSize(size[0] - RAIL_WIDTH, size[1] - HEADER_HEIGHT)
    page.show()


@pytest.mark.parametrize("size", SIZES)
def test_import_with_long_names_a_hint_and_an_error(
    size: tuple[int, int], qtbot: QtBot, tmp_path: Path
) -> None:
    async def story() -> None:
        session = _session_with_targets()
        presenter = ImportPresenter(session.as_session(), clock=StillClock())
        page = ImportPage(presenter)
        show(page, size, qtbot)
        page.activated()
        await until(lambda: presenter.targets.targets)
        await presenter.add([_folder(tmp_path)])
        presenter.targets.choose(EMBRYOS)
        await until(lambda: presenter.already_there)
        table = named(page, "import.list")
        table.selectRow(0)
        presenter.trouble = errors.ServerUnreachable()
        presenter.changed.notify()
        await _settled()
        assert cut_off(page) == []
        assert table.horizontalScrollBar().maximum() == 0, "the verdicts are out of sight"
        summary = named(page, "import.summary").text()
        assert "'2026-11-21_wing-disc…" in summary
        assert named(page, "import.target").currentIndex().data() == LONG
        await presenter.close()

    play(story)


def services_of(last_line: str) -> ServicesPresenter:
    """Services of which the workstation's has ended."""
    services = ServicesPresenter(FakeSession().as_session())
    message = errors.AgentUnreachable().message
    ended = f"The workstation service ended: {last_line}."
    services.agent_notice = f"{ended} {message} Uploads from here wait until then."
    return services


@pytest.mark.parametrize("size", SIZES)
def test_browse_below_both_notices(shell: ShellPlay, size: tuple[int, int]) -> None:
    async def story(env: ShellEnv) -> None:
        services = services_of("OSError: [Errno 28] No space left on device")
        services.worker_notice = "What is queued is kept. Tell your administrator."
        env.window.setFixedSize(*size)
        await env.come_in()
        env.window.notices.follow(services)
        env.browse.selected = tuple(env.browse.images[:1])
        env.browse.selection_changed.notify()
        await _settled()
        assert cut_off(env.window) == []
        assert env.window.size().height() == size[1]

    shell(story)


@pytest.mark.parametrize("size", SIZES)
def test_transfers_without_server_and_service(size: tuple[int, int], qtbot: QtBot) -> None:
    async def story() -> None:
        session = FakeSession()
        gone = problem(errors.VanishedFile("'a.tif' is gone. Put it back, then Retry."))
        attention = ItemState.NEEDS_ATTENTION
        session.server.put(
            transfer(1, name=LONG, target_name=LONG, state=attention, trouble=gone), transfer(2)
        )
        session.server.items[ONE] = (item(1, name=LONG, trouble=gone, state=attention),)
        presenter = TransfersPresenter(session.as_session(), clock=StillClock())
        page = TransfersPage(presenter)
        show(page, size, qtbot)
        await until(lambda: presenter.loaded)
        page.select(ONE)
        await until(lambda: presenter.details)
        session.go(Connection.OFFLINE)
        notices = Notices()
        qtbot.addWidget(notices)
        notices.follow(services_of("OSError: [Errno 28] No space left on device"))
        page.setFixedHeight(page.height() - notices.heightForWidth(page.width()))
        await _settled()
        assert cut_off(page) == []
        for name in ("transfers.table", "transfers.items"):
            assert named(page, name).horizontalScrollBar().maximum() == 0, name
        safe = named(page, "transfers.table").columnViewportPosition(6)
        assert 0 < safe < named(page, "transfers.table").viewport().width()
        await presenter.close()

    play(story)


@pytest.mark.parametrize("size", SIZES)
def test_browse_with_a_preview_that_fails(shell: ShellPlay, size: tuple[int, int]) -> None:
    async def story(env: ShellEnv) -> None:
        env.window.setFixedSize(*size)
        await env.come_in()
        view = env["browse.preview"]
        env.browse.selected = tuple(env.browse.images[:1])
        env.browse.selection_changed.notify()
        view.notice.announce("Loading the preview…")
        await _settled()
        view.notice.announce(
            errors.ServerUnreachable.title,
            errors.ServerUnreachable.default_message,
            offer_retry=True,
        )
        await _settled()
        assert cut_off(env.window) == []
        assert view.canvas.geometry().contains(view.notice.geometry())

    shell(story)


@pytest.mark.parametrize("size", SIZES)
def test_signing_in_with_an_error(shell: ShellPlay, size: tuple[int, int]) -> None:
    async def story(env: ShellEnv) -> None:
        env.window.setFixedSize(*size)
        env.env.down = True
        env.fill_in()
        env.click("signIn.submit")
        await until(env["signIn.banner"].isVisible)
        await _settled()
        assert cut_off(env.window) == []

    shell(story)


async def _settled() -> None:
    """Let layouts that depend on each other come to rest; the loop sees to them."""
    for _ in range(10):
        await asyncio.sleep(0.01)


def _session_with_targets() -> FakeSession:
    session = FakeSession()
    held = DuplicateMatch(same_bytes=(DuplicateFileset(1, "anna", (7,), (LONG,)),))
    session.server.held = {"day 3/cell.png": held}
    flies = Container(ContainerRef(ContainerKind.PROJECT, 1), LONG, "anna", 1, can_link=True)
    embryos = Container(EMBRYOS, LONG, "anna", 1, parent=flies.ref, can_link=True)
    session.server.tops, session.server.inside = [flies], {flies.ref: [embryos]}
    return session


def _folder(folder: Path) -> Path:
    made = folder / "day 3"
    shutil.copytree(resource("sample-data", "png-cells"), made)
    (made / f"{LONG}.lif").write_bytes(b"hello")
    (made / f"{LONG}.docx").write_bytes(b"hello")
    for path in made.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return made
