"""By what files are judged: what the repository reads that they go to, and who says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from transferapp.client.target_formats import KeptFormats, ask
from transferapp.desktop.transfers.texts import clock_text
from transferapp.errors import TransferAppError
from transferapp.host.clock import Clock
from transferapp.intake.preflight import PreflightSettings

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter

_NOT_ASKED = "The server cannot be asked now what it reads. Checked by"


class ReadFormats:
    """What preflight may assume. ``words`` says whose answer it is when the server could
    not be asked; empty otherwise.
    """

    def __init__(
        self,
        session: SessionPresenter,
        clock: Clock,
        settings: PreflightSettings | None,
        kept: KeptFormats | None,
    ) -> None:
        """``settings`` hold until a server has answered; ``kept`` are earlier answers."""
        self._session, self._clock, self._kept = session, clock, kept
        self.settings = self._first = settings or PreflightSettings()
        self.text = ""

    async def ask(self) -> PreflightSettings:
        """Ask the server; never raises."""
        self.text = ""
        try:
            answer = await ask(self._session.server, self._kept)
        except TransferAppError:  # Nobody is signed in.
            return self.settings
        if answer is None:
            self.text = f"{_NOT_ASKED} what the {self.settings.target.whose} reads."
            return self.settings
        self.settings = replace(self.settings, target=answer.formats)
        if answer.said_at is not None:
            stated = clock_text(answer.said_at, self._clock.now())
            self.text = f"{_NOT_ASKED} its answer of {stated} ({answer.formats.whose})."
        return self.settings

    def forget(self) -> None:
        """Another server reads other formats."""
        self.settings, self.text = self._first, ""
