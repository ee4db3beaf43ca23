"""omero.cmd.Handle: work in the background, with steps, callbacks and a response."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import Ice
import omero
from typing_extensions import override

from transferapp.sandbox.omero_sandbox.dispatch import (
    Network,
    Service,
    current_call,
    without_lock,
)
from transferapp.sandbox.omero_sandbox.records import SandboxCaller
from transferapp.sandbox.omero_sandbox.request_failures import ImportCancelled, answer_of
from transferapp.sandbox.omero_sandbox.sessions import Session

_log = logging.getLogger(__name__)
#: Work yields once for each step that is done; its value is the response.
Steps = Generator[None, None, Any]


@dataclass(frozen=True, slots=True)
class ImportWork:
    """What a handle is to do, for whom."""

    request: Any
    caller: SandboxCaller
    start: Callable[[], Steps]
    #: How often it yields.
    steps: int = 1
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
        self._failed = False
        self._step = self._steps = 0
        self._cancelled = False
        #: Until then a step that ends is the last one (monotonic seconds).
        self._cancel_until = 0.0
        self._began = self.over = False
        self._changed = threading.Condition()
        self._began_ms = self._ended_ms = 0
        # The session's end tries to cancel, as closing the handle does.
        session.closing.append(self._try_to_cancel)

    @property
    def at_rest(self) -> bool:
        """Whether it is over, or was cancelled before anything began."""
        return self.over or (self._cancelled and not self._began)

    def run(self) -> None:
        """Do the work; called in a thread. What was cancelled before is left as it is: it
        never answers.
        """
        if not self._taken_up():
            return
        response = self._answered()
        self._failed = isinstance(response, omero.cmd.ERR)
        if not (self._failed and self._queued and self.sandbox.faults.mute_failures):
            self._response = response
        self._ended_ms = self.sandbox.clock.now_ms()
        with self._changed:
            self.over = True
            self._changed.notify_all()
        self._work.ended()
        self.sandbox.commit(self.session)
        status = self._status()
        self._report(lambda callback: callback.finished(self._response, status))

    def _taken_up(self) -> bool:
        if not self._queued:
            return True
        self.sandbox.faults.importing.wait()
        with self._changed:
            self._began = not self._cancelled
        return self._began

    def _answered(self) -> Any:
        try:
            return self._worked()
        except Exception as error:  # noqa: BLE001 - everything becomes an answer
            made = answer_of(error, self._work.request)
            _log.info("a request failed: %s: %s", made.name, error)
            return made

    def _worked(self) -> Any:
        if not self._queued:
            return self._done()
        with self.sandbox.lock:
            if not self.sandbox.sessions.begin_import(self.session):
                raise ImportCancelled
        try:
            return self._done()
        finally:
            with self.sandbox.lock:
                self.sandbox.sessions.end_import(self.session)

    def _done(self) -> Any:
        self._began_ms, self._steps = self.sandbox.clock.now_ms(), self._work.steps
        steps = self._work.start()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value
            self._step += 1
            self.sandbox.commit(self.session)
            self._report(lambda callback: callback.step(self._step, self._steps))
            self._stop_if_cancelled()
            self._stop_without_session()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled or time.monotonic() < self._cancel_until:
            self._cancelled = True
            raise ImportCancelled

    def _stop_without_session(self) -> None:
        """What an import saves, it saves through its session."""
        if self._queued and self.sandbox.sessions.find(self.session.uuid) is None:
            text = f"No context for {self.session.uuid}"
            raise omero.RemovedSessionException(None, "omero.RemovedSessionException", text)

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
        # Helper.cancel sets both, whatever the failure; nobody ever sets SUCCESS.
        ended_badly = self._failed or (self._cancelled and not self._began)
        made.flags = [state.FAILURE, state.CANCELLED] if ended_badly else []
        made.currentStep, made.steps = min(self._step, max(0, self._steps - 1)), self._steps
        made.stepStarts, made.stepStops, made.parameters = [], [], {}
        made.category, made.name = "", type(self._work.request).__name__
        return made

    def _try_to_cancel(self) -> None:
        """Nothing begins any more; what is at work stops if its step ends soon."""
        with self._changed:
            if self.over:
                return
            if self._began:
                self._cancel_until = time.monotonic() + self.sandbox.faults.cancel_timeout
            else:
                self._cancelled = True

    @without_lock
    def cancel(self) -> bool:
        """Say whether it is cancelled; raises LockTimeout when a step takes longer, and then
        the import goes on to its end.
        """
        self._try_to_cancel()
        if self.at_rest and not self.over:
            status = self._status()
            self._report(lambda callback: callback.finished(None, status))
        with self._changed:
            if self._began:
                left = max(0.0, self._cancel_until - time.monotonic())
                if not self._changed.wait_for(lambda: self.over, left):
                    text = "timed out while waiting on CANCELLED state"
                    raise omero.LockTimeout(None, "omero.LockTimeout", text, 5000, 5)
            return self._cancelled

    @override
    def close(self) -> None:
        self._try_to_cancel()
        super().close()


def once(answer: Callable[[], Any]) -> Callable[[], Steps]:
    """Return work of a single step."""

    def steps() -> Steps:
        yield
        return answer()

    return steps
