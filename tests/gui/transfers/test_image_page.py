"""An imported image opens in the browser, where the repository has pages of images."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tests.gui.transfers.test_transfers_page import THREE, Env, Play, env
from tests.support.transfer_fakes import event, until

__all__ = ["env"]

# The offscreen platform says so of every window.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_the_first_image_opens_in_the_browser_where_it_has_a_page(
    env: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)

    async def story(on: Env) -> None:
        on.page.select(THREE)
        await until(on["transfers.showImages"].isVisible)
        assert not on["transfers.openPage"].isVisible()
        on.session.server.image_page = "https://x.org/webclient/?show=image-{id}"
        on.session.events.notify(event(THREE))
        await until(on["transfers.openPage"].isVisible)
        on.click("transfers.openPage")
        assert opened == ["https://x.org/webclient/?show=image-4"]

    env(story)
