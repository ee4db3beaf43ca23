"""The switches for bad times: what a test may break while clients are at work."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import omero


def _set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class Faults:
    """What is broken just now; read by the services, set over the control socket."""

    #: Cleared: connections open, nothing answers.
    answering: threading.Event = field(default_factory=_set_event)
    #: Cleared: import requests stay in the queue with ``steps == 0``.
    importing: threading.Event = field(default_factory=_set_event)
    #: How long each step of an import takes, in seconds.
    slow_step: float = 0.0
    #: The step (1 to 5) that fails, for every import until it is 0 again.
    fail_step: int = 0
    disk_full: bool = False
    #: So many uploads from now on get a wrong checksum at the server.
    wrong_checksums: int = 0

    def check_disk(self) -> None:
        """Raise what the server raises when its disk is full."""
        if self.disk_full:
            words = "java.io.IOException: No space left on device"
            raise omero.ResourceError(None, "omero.ResourceError", words)

    def seen_hash(self, real: str) -> str:
        """Return a checksum as this server sees it, perhaps a wrong one."""
        if self.wrong_checksums <= 0:
            return real
        self.wrong_checksums -= 1
        return ("0" if real[:1] != "0" else "1") + real[1:]
