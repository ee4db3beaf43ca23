"""Whether what works behind the window does: the workstation service, the server's workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from transferapp.desktop.session.background import kept_going
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.session.presenter import Connection
from transferapp.errors import AgentUnreachable, TransferAppError
from transferapp.host import endings
from transferapp.host.supervise import failing

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter

#: Seconds between two looks.
POLL_PAUSE_S = 5.0
#: A service that restarts is back before anyone needs to know: so many looks without one.
POLLS_WITHOUT = 2

AGENT_TITLE = "The workstation service is not running"
WORKER_TITLE = "The server has no worker at work: imports wait"
_ANEW = "Start TransferApp anew; if it stays, tell your administrator."
BACKGROUND_TITLE = "Something behind this window keeps failing"


class ServicesPresenter:
    """Looks while somebody is signed in; ``changed`` tells of another notice.

    ``agent_notice``, ``worker_notice`` and ``background_notice`` (what keeps failing in this
    program or the workstation service) are empty, or sentences with what to do. That the
    server itself does not answer is the session's to say.
    """

    def __init__(
        self,
        session: SessionPresenter,
        *,
        ending: Callable[[str], endings.Ending | None] = endings.ending,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._ending = ending
        self._pause = pause
        self._without = 0
        self._polling = kept_going("looking after services", self._poll)
        self._polls = False
        self._agent_problem = ""
        self.agent_notice = ""
        self.worker_notice = ""
        self.background_notice = ""
        self.changed: Listeners[[]] = Listeners()
        session.changed.listen(self._session_changed)

    async def close(self) -> None:
        """Look no more."""
        await self._polling.stop()

    def _session_changed(self) -> None:
        if self._session.signed_in and not self._polls:
            self._polls = True
            self._polling.start()

    async def _poll(self) -> None:
        while self._session.signed_in:
            agent, worker = await asyncio.gather(self._agent(), self._worker())
            before = (self.agent_notice, self.worker_notice, self.background_notice)
            now = (agent, worker, self._background())
            self.agent_notice, self.worker_notice, self.background_notice = now
            if before != now:
                self.changed.notify()
            self._polling.beat()
            await self._pause(POLL_PAUSE_S)
        self._polls = False
        self.agent_notice = self.worker_notice = self.background_notice = ""
        self.changed.notify()

    def _background(self) -> str:
        stated = " ".join(filter(None, dict.fromkeys((failing(), self._agent_problem))))
        return f"{stated} {_ANEW}" if stated else ""

    async def _agent(self) -> str:
        self._agent_problem = ""
        try:
            self._agent_problem = (await self._session.agent.info()).trouble
        except AgentUnreachable as error:
            self._without += 1
            last = await asyncio.to_thread(self._ending, endings.AGENT)
            if last is None and self._without < POLLS_WITHOUT:
                return ""
            why = f"The workstation service ended: {last.sentence} " if last else ""
            return f"{why}{error.message} Uploads from here wait until then."
        except TransferAppError:
            pass  # It answers.
        self._without = 0
        return ""

    async def _worker(self) -> str:
        if self._session.connection is not Connection.ONLINE:
            return ""
        try:
            health = await self._session.server.health()
        except TransferAppError:
            return ""  # The session says so.
        if health.workers == "ok":
            return ""
        return "What is queued is kept, and goes on by itself. Tell your administrator."
