"""What the sign-in page shows: known servers, progress, problem in plain words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from transferapp.desktop.session.observable import Listeners
from transferapp.errors import Invalid, TransferAppError, Unavailable
from transferapp.host.credentials import Kept

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.desktop.session.remembered import ServerProfile

#: Seconds between two tries to continue a session while the server does not answer.
RESUME_PAUSE_S = 5.0


class SignInPresenter:
    """Signs in, or continues the session that was kept.

    ``changed`` tells of progress and problem, ``notice`` of a sentence that the person
    should read after signing in (a session that could not be kept).
    """

    def __init__(
        self,
        session: SessionPresenter,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._pause = pause
        self.busy = False
        self.trouble: TransferAppError | None = None
        self.changed: Listeners[[]] = Listeners()
        self.notice: Listeners[[str, str]] = Listeners()
        session.changed.listen(self._session_changed)

    @property
    def profiles(self) -> tuple[ServerProfile, ...]:
        """Servers used before, the last one first."""
        return self._session.settings.profiles

    @property
    def remember(self) -> bool:
        """What was chosen last."""
        return self._session.settings.remember

    async def sign_in(
        self, server_url: str, username: str, password: str, *, remember: bool
    ) -> bool:
        """Try to sign in; False leaves the reason in ``problem``."""
        if self.busy:
            return False
        if not (server_url.strip() and username.strip() and password):
            self._show(busy=False, problem=Invalid("Fill in server, user name and password."))
            return False
        self._show(busy=True, problem=None)
        try:
            keeping = await self._session.sign_in(
                server_url, username.strip(), password, remember=remember
            )
        except TransferAppError as error:
            self._show(busy=False, problem=error)
            return False
        self._show(busy=False, problem=None)
        if keeping is not None and keeping.where is Kept.MEMORY:
            self.notice.notify(
                "You stay signed in only until TransferApp is closed",
                f"{keeping.reason} The session was not written to disk. Your transfers go on"
                " in any case.",
            )
        return True

    async def resume(self) -> None:
        """Continue the kept session, and wait for its server when that does not answer."""
        while not self._session.signed_in:
            try:
                await self._session.resume()
            except Unavailable as error:
                self._show(busy=False, problem=error)
                await self._pause(RESUME_PAUSE_S)
            except TransferAppError as error:
                self._show(busy=False, problem=error)
                return
            else:
                return

    def _session_changed(self) -> None:
        if not self._session.signed_in and self._session.trouble is not None:
            self._show(busy=False, problem=self._session.trouble)

    def _show(self, *, busy: bool, problem: TransferAppError | None) -> None:
        self.busy, self.trouble = busy, problem
        self.changed.notify()
