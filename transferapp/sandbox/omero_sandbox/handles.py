"""omero.cmd.Handle: work in the background, with steps, callbacks and a response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import Ice
import omero
from typing_extensions import override

from transferapp.sandbox.omero_sandbox.dispatch import Network, Service, current_call
from transferapp.sandbox.omero_sandbox.records import SandboxCaller
from transferapp.sandbox.omero_sandbox.request_failures import ImportCancelled, answer_of
from transferapp.sandbox.omero_sandbox.sessions import Session

_log = logging.getLogger(__name__)
#: Work yields once for each step that is done; its value is the response.
Steps = Generator[None, None, Any]
_IMPORT_STEPS = 5


@dataclass(frozen=True, slots=True)
class ImportWork:
    """What a handle is to do, for whom."""

    request: Any
    caller: SandboxCaller
    start: Callable[[], Steps]
    #: Said when the handle is done with it, whatever came out.
    ended: Callable[[], None] = lambda: None


class Handle(Service):
    """One request at work."""

    def __init__(
        self, network: Network, session: Session, work: ImportWork, *, queued: bool = True
    ) -> None:
        """Wait to be started; ``queued`` work waits for the switch ``busy_queue``."""
        super().__init__(network, session)
        self._queued = queued
        self._work, self._callbacks = work, list[Any]()
        self._response: Any = None
        self._step = self._steps = 0
        self._cancelled = False
        self._began_ms = self._ended_ms = 0
        # The client leaving tries to cancel, as closing the handle does.
        session.closing.append(self._cancel)

    def run(self) -> None:
        """Do the work; called in a thread."""
        try:
            self._response = self._worked()
        except Exception as error:  # noqa: BLE001 - everything becomes an answer
            self._response = answer_of(error, self._work.request)
            _log.info("a request failed: %s: %s", self._response.name, error)
        self._ended_ms = self.sandbox.clock.now_ms()
        self._work.ended()
        self.sandbox.commit()
        status = self._status()
        self._report(lambda callback: callback.finished(self._response, status))

    def _worked(self) -> Any:
        if self._queued:
            self.sandbox.faults.importing.wait()
        self._stop_if_cancelled()
        self._began_ms, self._steps = self.sandbox.clock.now_ms(), _IMPORT_STEPS
        steps = self._work.start()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value
            self._step += 1
            self.sandbox.commit()
            self._report(lambda callback: callback.step(self._step, self._steps))
            self._stop_if_cancelled()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled:
            raise ImportCancelled

    def _report(self, stated: Callable[[Any], None]) -> None:
        for callback in list(self._callbacks):
            try:
                stated(callback)
            except Ice.Exception:
                self._callbacks.remove(callback)

    def addCallback(self, callback: Any) -> None:
        back = current_call().con.createProxy(callback.ice_getIdentity())
        self._callbacks.append(omero.cmd.CmdCallbackPrx.uncheckedCast(back))

    def removeCallback(self, callback: Any) -> None:
        identity = callback.ice_getIdentity()
        self._callbacks = [c for c in self._callbacks if c.ice_getIdentity() != identity]

    def getRequest(self) -> Any:
        return self._work.request

    def getResponse(self) -> Any:
        return self._response

    def getStatus(self) -> Any:
        return self._status()

    def _status(self) -> Any:
        made = omero.cmd.Status()
        state = omero.cmd.State
        made.requestStart, made.stopTime = self._began_ms, self._ended_ms
        made.flags = []
        if self._response is not None:
            failed = isinstance(self._response, omero.cmd.ERR)
            made.flags = [state.FAILURE if failed else state.SUCCESS]
        if self._cancelled:
            made.flags.append(state.CANCELLED)
        made.currentStep, made.steps = self._step, self._steps
        made.stepStarts, made.stepStops, made.parameters = [], [], {}
        made.category, made.name = "", type(self._work.request).__name__
        return made

    def _cancel(self) -> None:
        self._cancelled = self._cancelled or self._response is None

    def cancel(self) -> bool:
        self._cancel()
        return self._cancelled

    @override
    def close(self) -> None:
        self._cancel()
        super().close()


def once(answer: Callable[[], Any]) -> Callable[[], Steps]:
    """Return work of a single step."""

    def steps() -> Steps:
        yield
        return answer()

    return steps
