"""Fetch thumbnails: what is on the screen first, few at a time, each once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cachetools import LRUCache

from transferapp.desktop.session.background import Background
from transferapp.desktop.session.observable import Listeners
from transferapp.errors import TransferAppError

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter

#: Longer edge in pixels; drawn at half of it on ordinary screens.
EDGE_PX = 256
AT_ONCE = 4
#: About 15 kB each.
MOST_KEPT = 2000


class Thumbnails:
    """JPEG bytes by image id. ``ready`` tells of each one that has come.

    What was asked for last is fetched first: that is what the person sees now.
    """

    def __init__(self, session: SessionPresenter) -> None:
        self._session = session
        self._kept: LRUCache[int, bytes] = LRUCache(MOST_KEPT)
        self._waiting: list[int] = []
        self._failed: set[int] = set()
        self._working = 0
        self._background = Background(lambda _error: None)
        self.ready: Listeners[[int]] = Listeners()

    def get(self, image_id: int) -> bytes | None:
        """Return the picture, or None and have it fetched. b"" means there is none."""
        if (picture := self._kept.get(image_id)) is not None:
            return picture
        if image_id in self._failed:
            return b""
        if image_id not in self._waiting:
            self._waiting.append(image_id)
        if self._working < AT_ONCE:
            self._working += 1
            self._background.start(self._work())
        return None

    def forget_failures(self) -> None:
        """Ask again for those that did not come; called on refresh."""
        self._failed.clear()

    def clear(self) -> None:
        """Forget everything: another person signs in."""
        self._kept.clear()
        self._waiting.clear()
        self._failed.clear()

    async def close(self) -> None:
        """Stop fetching."""
        await self._background.close()

    async def _work(self) -> None:
        try:
            while self._waiting:
                image_id = self._waiting.pop()
                try:
                    picture = await self._session.server.thumbnail(image_id, EDGE_PX)
                except TransferAppError:
                    self._failed.add(image_id)
                else:
                    self._kept[image_id] = picture
                self.ready.notify(image_id)
                await asyncio.sleep(0)
        finally:
            self._working -= 1
