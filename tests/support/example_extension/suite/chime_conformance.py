"""The chime passes what every sender must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from transferapp.host.clock import SystemClock
from transferapp.notify.port import NotificationChannel, Preferences
from transferapp.notify.settings import NotifySettings
from transferapp.notify.wiring import open_senders
from transferapp.testing.sender_suite import Arrived, SenderSuite


class Chiming:
    """The chime, and its file."""

    channel = NotificationChannel.WEBHOOK
    reported = Preferences("ada")

    def __init__(self, file: Path) -> None:
        self._file = file
        # By its name, as server and worker open it.
        settings = NotifySettings(notify_webhook="chime")
        self.sender = open_senders(settings, SystemClock()).webhook

    async def arrived(self) -> list[Arrived]:
        lines = self._file.read_text("utf-8").splitlines()
        return [Arrived(*line.split(" ", 1)) for line in lines]

    async def go_away(self) -> None:
        self._file.mkdir()


class TestChime(SenderSuite):
    """All of it."""

    @pytest.fixture
    async def env(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[Chiming]:
        monkeypatch.setenv("CHIME_FILE", str(tmp_path / "chime.txt"))
        env = Chiming(tmp_path / "chime.txt")
        yield env
        await env.sender.aclose()
