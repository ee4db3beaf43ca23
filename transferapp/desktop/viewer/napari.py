"""Open the signed-in person's images in the napari process, and say when they show."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from transferapp.desktop import loop
from transferapp.desktop.session.observable import Listeners
from transferapp.errors import TransferAppError, ViewerUnavailable
from transferapp.protocol import routes

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.desktop.viewer.launcher import ViewerLauncher
    from transferapp.desktop.viewer.messages import Selection
    from transferapp.model.export_specs import Cut

#: Seconds that an image may take to show its first pixels on a slow network.
FIRST_PIXELS_TIMEOUT_S = 60.0


class NapariViewer:
    """Joins session, launcher. ``export_requested`` carries an image id and a part,
    ``shown`` the id and the milliseconds from the click to the first pixels.
    """

    def __init__(self, session: SessionPresenter, launcher: ViewerLauncher) -> None:
        self._session = session
        self._launcher = launcher
        self._waiting: dict[int, asyncio.Future[float]] = {}
        self.export_requested: Listeners[[int, Cut | None]] = Listeners()
        self.shown: Listeners[[int, float]] = Listeners()
        launcher.on_first_pixels(self._first_pixels)
        launcher.on_failed(self._failed)
        launcher.on_export(self._export)
        launcher.on_token_expired(self._renew)

    def warm_up(self) -> None:
        """Start it hidden; where it cannot run, that is said when it is asked for."""
        loop.spawn(self._warm_up(), name="warm up napari")

    async def open(self, image_id: int, _name: str) -> float:
        """Show an image; returns the milliseconds to its first pixels.

        Raises ViewerUnavailable and what the server says of the image.
        """
        clicked_at = time.monotonic()
        server = self._session.server
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[image_id] = done
        url = f"{server.base_url}{routes.image_zarr(image_id)}"
        try:
            await self._launcher.open(image_id, _name, url, server.token or "", clicked_at)
            return await asyncio.wait_for(done, FIRST_PIXELS_TIMEOUT_S)
        except TimeoutError:
            self._launcher.log_silence()
            raise ViewerUnavailable("The image did not show in time. Try again.") from None
        finally:
            self._waiting.pop(image_id, None)

    async def _warm_up(self) -> None:
        with contextlib.suppress(ViewerUnavailable):
            await self._launcher.warm_up()

    def _first_pixels(self, image_id: int, milliseconds: float) -> None:
        self._settle(image_id, lambda done: done.set_result(milliseconds))
        self.shown.notify(image_id, milliseconds)

    def _failed(self, image_id: int | None, error: TransferAppError) -> None:
        for waiting in list(self._waiting) if image_id is None else [image_id]:
            self._settle(waiting, lambda done: done.set_exception(error))

    def _settle(self, image_id: int, settle: Callable[[asyncio.Future[float]], None]) -> None:
        done = self._waiting.get(image_id)
        if done is not None and not done.done():
            settle(done)

    def _export(self, image_id: int, selection: Selection) -> None:
        self.export_requested.notify(image_id, selection.cut())

    def _renew(self) -> None:
        if self._session.signed_in and self._session.server.token:
            loop.spawn(self._launcher.renew(self._session.server.token), name="renew token")
