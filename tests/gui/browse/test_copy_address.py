"""Browse copies an image's signed URL, or says why there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from tests.support.image_env import until
from transferapp import errors
from transferapp.desktop.browse.presenter import BrowseParts
from transferapp.protocol.signed_urls import SignedUrl

if TYPE_CHECKING:
    from tests.support.shell_env import Env, Play
    from transferapp.client.server import ServerClient

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]

ENDS = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)


def choose_copy(env: Env) -> None:
    """Choose the entry of the menu over an image."""
    cards = env["browse.images"]
    cards.customContextMenuRequested.emit(QPoint(5, 5))
    (menu,) = cards.findChildren(QMenu)
    (entry,) = [one for one in menu.actions() if one.text().startswith("Copy address")]
    entry.trigger()
    menu.close()


def test_it_is_on_the_clipboard_and_its_end_is_stated(shell: Play) -> None:
    async def story(env: Env) -> None:
        asked: list[tuple[str, int]] = []

        async def sign(server: ServerClient, image_id: int) -> SignedUrl:
            asked.append((server.base_url, image_id))
            if len(asked) > 1:
                raise errors.NotFound("This server is older than addresses.")
            return SignedUrl(url="http://images.test/v1/signed/x/image.zarr", expires_at=ENDS)

        parts = env.browse._parts
        env.browse._parts = BrowseParts(parts.viewer, parts.make_tiles, sign)
        await env.come_in()
        cards = env["browse.images"]
        cards.setCurrentIndex(cards.model().index(1, 0))
        await until(env["browse.openInNapari"].isEnabled)
        choose_copy(env)
        await until(lambda: "Copied" in env["browse.viewerNote"].text())
        assert asked == [(env.session.server_url, 2)]
        clipboard = QGuiApplication.clipboard()
        assert clipboard.text() == "http://images.test/v1/signed/x/image.zarr"
        assert f"{ENDS.astimezone():%H:%M}" in env["browse.viewerNote"].text()
        choose_copy(env)
        await until(lambda: "older" in env["browse.banner.text"].text())

    shell(story)
