"""The switches for bad times: what a test may break while clients are at work."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import Ice
import omero

from transferapp.sandbox.omero_sandbox.request_failures import RequestFailed, Thrown

#: What reads the pixels of a file fails there, and names the file; all else at once.
_OF_PIXELS = {"import-file-exception", "import-unknown-format", "import-missing-library"}


def _set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class Hold:
    """One call that is stopped until it is let go: the exact place of a crash."""

    #: The end of a place's name: ``importFileset``, ``RawFileStore.close``, ``import step 2``.
    place: str
    #: Stop once it is done and on disk, but not answered; else before anything is done.
    done: bool = False
    #: The so-manieth of these calls.
    number: int = 1
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    #: Let go as a call that never came.
    refused: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meets(self, place: str, *, done: bool) -> bool:
        """Say whether this is the call; counts."""
        if done != self.done or not place.endswith(self.place):
            return False
        with self._lock:
            self.number -= 1
            return self.number == 0


@dataclass
class Faults:
    """What is broken just now; read by the services, set over the control socket."""

    #: Cleared: connections open, nothing answers.
    answering: threading.Event = field(default_factory=_set_event)
    #: Cleared: import requests stay in the queue with ``steps == 0``.
    importing: threading.Event = field(default_factory=_set_event)
    #: How long each step of an import takes, in seconds.
    slow_step: float = 0.0
    #: A slow step writes a line into its log so often, in seconds; 0: it keeps silent.
    log_every: float = 0.0
    #: An import at work is cancelled when its step ends within so many seconds.
    cancel_timeout: float = 5.0
    #: Older servers import in 5 steps, newer ones in 6: they make the files read-only first.
    import_steps: int = 5
    #: The step (from 1 on) that fails, for every import until it is 0 again.
    fail_step: int = 0
    #: What every import ends with: the name of the ERR, and the exception behind it.
    failure: tuple[str, Thrown | None] | None = None
    #: Failed imports never answer; only their status says that they failed.
    mute_failures: bool = False
    disk_full: bool = False
    #: So many uploads from now on get a wrong checksum at the server.
    wrong_checksums: int = 0
    #: Pixels have no pyramid yet; clients are to come back after so long (seconds; 0: no).
    missing_pyramid: float = 0.0
    hold: Hold | None = None

    def pass_by(self, place: str, *, done: bool = False) -> None:
        """Stop here when this call is held."""
        hold = self.hold
        if hold is None or not hold.meets(place, done=done):
            return
        hold.reached.set()
        hold.let_go.wait()
        if hold.refused:
            raise Ice.ObjectNotExistException

    def fail_import(self, name: str, thrown: str, message: str, cause: str) -> None:
        """End imports as the Java server does that meets this exception; no name: none."""
        if not name:
            self.failure = None
            return
        cls, _, stated = cause.partition(": ")
        inner = Thrown(cls, stated) if cls else None
        self.failure = name, Thrown(thrown, message, inner) if thrown else None

    def check_import(self, step: int, file_name: str, *, reads_pixels: bool) -> None:
        """Raise what a step of an import is asked to fail with."""
        if self.failure is not None:
            name, thrown = self.failure
            of_pixels = name in _OF_PIXELS
            if reads_pixels if of_pixels else step == 1:
                more = {"filename": file_name} if of_pixels else {}
                raise RequestFailed(name, thrown, **more)
        if step == self.fail_step:
            text = f"step {step} was asked to fail"
            raise RequestFailed(
                "import-request-failure", Thrown("omero.InternalException", text)
            )

    def check_disk(self) -> None:
        """Raise what the server raises when its disk is full."""
        if self.disk_full:
            text = "java.io.IOException: No space left on device"
            raise omero.ResourceError(None, "omero.ResourceError", text)

    def check_pyramid(self, pixels_id: int) -> None:
        """Raise what the server raises while it makes a pyramid."""
        if self.missing_pyramid:
            name, text = "omero.MissingPyramidException", "Pyramid is being generated"
            wait_ms = int(self.missing_pyramid * 1000)
            raise omero.MissingPyramidException(None, name, text, wait_ms, pixels_id)

    def seen_hash(self, real: str) -> str:
        """Return a checksum as this server sees it, perhaps a wrong one."""
        if self.wrong_checksums <= 0:
            return real
        self.wrong_checksums -= 1
        return ("0" if real[:1] != "0" else "1") + real[1:]
