"""The real desktop and a tray: closing the window hides it, Quit ends it, and no tray too."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.fake_panel import FakePanel
from tests.support.rest_server import PASSWORD, rest_server
from transferapp.sandbox.demo.actor import Actor
from transferapp.sandbox.demo.screen import PROGRAMS, PrivateScreen

pytestmark = [
    pytest.mark.screen,
    pytest.mark.skipif(
        not all(shutil.which(program) for program in PROGRAMS),
        reason=f"needs {', '.join(PROGRAMS)}",
    ),
]

MENU = ["Show TransferApp", "Transfers", "", "Quit"]


@dataclass
class Place:
    """A screen with a session bus, and a folder for what runs there."""

    folder: Path
    screen: PrivateScreen

    @property
    def environment(self) -> dict[str, str]:
        home = {"TRANSFERAPP_HOME": str(self.folder / "home")}
        return {**os.environ, **self.screen.environment, **home}

    @property
    def log(self) -> Path:
        return self.folder / "desktop.log"

    def desktop(self) -> Actor:
        """Start the desktop and wait for its window."""
        actor = Actor(self.environment, self.log)
        actor.do("wait", "main", timeout_s=60)
        return actor

    def panel(self) -> FakePanel:
        return FakePanel(self.environment, self.folder / "panel.log")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with PrivateScreen(tmp_path) as screen:
        yield Place(tmp_path, screen)


def ends_well(desktop: Actor, log: Path) -> None:
    assert desktop.process.wait(20) == 0
    assert "Traceback" not in log.read_text(), log.read_text()


def test_the_icon_and_its_menu(place: Place) -> None:
    with place.panel() as panel, place.desktop() as desktop:
        item = panel.ask("item")
        assert len(panel.ask("icons")) == 1
        assert item["title"] == item["tooltip"] == "TransferApp"
        assert item["status"] == "Active"
        # Panels draw at 22 to 64 pixels: without a theme name the image itself must come.
        assert item["icon_name"] or max(item["pixels"], default=0) >= 22, item
        assert panel.ask("labels") == MENU

        desktop.do("close", "main")
        desktop.do("wait", "main", visible=False)
        place.screen.wait_for_notification("TransferApp stays in the tray")
        assert desktop.process.poll() is None
        panel.ask("click", label="Show TransferApp")
        desktop.do("wait", "main")

        desktop.do("close", "main")
        desktop.do("wait", "main", visible=False)
        panel.ask("press")
        desktop.do("wait", "main")

        desktop.do("close", "main")
        desktop.do("wait", "main", visible=False)
        panel.ask("click", label="Transfers")
        desktop.do("wait", "main")

        panel.ask("click", label="Quit")
        ends_well(desktop, place.log)


async def test_transfers_opens_that_page_of_a_signed_in_person(place: Place) -> None:
    def story(url: str) -> None:
        with place.panel() as panel, place.desktop() as desktop:
            for name, text in (("server", url), ("user", "ada"), ("password", PASSWORD)):
                desktop.do("type", f"signIn.{name}", text=text)
            desktop.do("click", "signIn.submit")
            desktop.do("wait", "nav.import")
            assert not desktop.do("state", "transfers.search")["visible"]
            desktop.do("close", "main")
            desktop.do("wait", "main", visible=False)
            panel.ask("click", label="Transfers")
            desktop.do("wait", "transfers.search")
            panel.ask("click", label="Quit")
            ends_well(desktop, place.log)

    async with rest_server(place.folder / "server") as server:
        await asyncio.to_thread(story, server.url)


def test_quit_while_it_is_hidden_and_a_second_start_before(place: Place) -> None:
    with place.panel() as panel, place.desktop() as desktop:
        for _time in range(2):
            desktop.do("close", "main")
            desktop.do("wait", "main", visible=False)
            again = [sys.executable, "-m", "transferapp", "desktop"]
            assert subprocess.run(again, env=place.environment, check=False).returncode == 0
            desktop.do("wait", "main")
        desktop.do("close", "main")
        desktop.do("wait", "main", visible=False)
        panel.ask("click", label="Quit")
        ends_well(desktop, place.log)


def test_without_a_panel_closing_ends_it(place: Place) -> None:
    with place.desktop() as desktop:
        desktop.do("close", "main")
        ends_well(desktop, place.log)
    assert place.screen.notifications() == []


def test_when_the_panel_is_gone_closing_ends_it(place: Place) -> None:
    with place.panel() as panel, place.desktop() as desktop:
        panel.ask("item")
        panel.end()
        time.sleep(0.5)  # Nothing tells when Qt has heard of it.
        desktop.do("close", "main")
        ends_well(desktop, place.log)


def test_a_panel_that_comes_back_gets_the_icon_again(place: Place) -> None:
    with place.panel() as panel, place.desktop() as desktop:
        panel.ask("item")
        panel.end()
        with place.panel() as restarted:
            assert restarted.ask("labels") == MENU
            desktop.do("close", "main")
            desktop.do("wait", "main", visible=False)
            restarted.ask("click", label="Quit")
            ends_well(desktop, place.log)


def test_a_panel_that_starts_later_gets_the_icon(place: Place) -> None:
    with place.desktop() as desktop:
        time.sleep(0.5)  # The desktop has settled without a tray.
        with place.panel() as panel:
            assert panel.ask("labels") == MENU
            assert len(panel.ask("icons")) == 1
            item = panel.ask("item")
            assert item["icon_name"] or max(item["pixels"], default=0) >= 22, item
            desktop.do("close", "main")
            desktop.do("wait", "main", visible=False)
            panel.ask("press")
            desktop.do("wait", "main")
            panel.end()
            with place.panel() as restarted:
                assert restarted.ask("labels") == MENU
                assert len(restarted.ask("icons")) == 1
                restarted.ask("click", label="Quit")
                ends_well(desktop, place.log)
