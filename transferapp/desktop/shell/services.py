"""Whether what works behind the window does: the workstation service, the server's workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.session.presenter import Connection
from transferapp.errors import AgentUnreachable, TransferAppError
from transferapp.host import endings

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter

#: Seconds between two looks.
LOOK_PAUSE_S = 5.0
#: A service that restarts is back before anyone needs to know: so many looks without one.
LOOKS_WITHOUT = 2

AGENT_TITLE = "The workstation service is not running"
WORKER_TITLE = "The server has no worker at work: imports wait"


class ServicesPresenter:
    """Looks while somebody is signed in; ``changed`` tells of another notice.

    ``agent_notice`` and ``worker_notice`` are empty, or sentences with what to do. That the
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
        self._looking: asyncio.Task[None] | None = None
        self.agent_notice = ""
        self.worker_notice = ""
        self.changed: Listeners[[]] = Listeners()
        session.changed.listen(self._session_changed)

    async def close(self) -> None:
        """Look no more."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    def _session_changed(self) -> None:
        if self._session.signed_in and self._looking is None:
            loop = asyncio.get_running_loop()
            self._looking = loop.create_task(self._look(), name="look after services")
            self._looking.add_done_callback(self._ended)

    async def _look(self) -> None:
        while self._session.signed_in:
            agent, worker = await asyncio.gather(self._agent(), self._worker())
            before = (self.agent_notice, self.worker_notice)
            self.agent_notice, self.worker_notice = agent, worker
            if before != (agent, worker):
                self.changed.notify()
            await self._pause(LOOK_PAUSE_S)
        self.agent_notice = self.worker_notice = ""
        self.changed.notify()

    async def _agent(self) -> str:
        try:
            await self._session.agent.info()
        except AgentUnreachable as error:
            self._without += 1
            last = await asyncio.to_thread(self._ending, endings.AGENT)
            if last is None and self._without < LOOKS_WITHOUT:
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

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._looking is task:
            self._looking = None
        if task.cancelled() or (error := task.exception()) is None:
            return
        context = {"message": "Looking after the services failed", "exception": error}
        task.get_loop().call_exception_handler(context)
