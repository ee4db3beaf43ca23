"""Bio-Formats as a process that is started when asked, watched, and ended when idle."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import structlog
from pydantic import TypeAdapter
from typing_extensions import override

from transferapp.bioformats import failures
from transferapp.bioformats.places import Places
from transferapp.bioformats.port import BioFormats, Description, FormatReader, Reads, UsedFiles
from transferapp.bioformats.running import Hung, ProcessEnded, Reply, Running
from transferapp.bioformats.settings import BioFormatsSettings
from transferapp.model.images import TileRegion

_log = structlog.get_logger(__name__)

_READERS = TypeAdapter(tuple[FormatReader, ...])
_USED = TypeAdapter(UsedFiles)
_DESCRIPTION = TypeAdapter(Description)


class BioFormatsProcess(BioFormats):
    """At most one process, which serves requests one after the other."""

    def __init__(self, places: Places, settings: BioFormatsSettings) -> None:
        """Start nothing yet."""
        self._places, self._settings = places, settings
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._rest: threading.Timer | None = None
        self._asked_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        running = self._running
        return running.pid if running is not None and running.is_alive else None

    @override
    def reads(self) -> Reads:
        """Return the formats."""
        answer = self._ask({"do": "reads"})
        return Reads(
            answer.header["version"], _READERS.validate_python(answer.header["readers"])
        )

    @override
    def used(self, file: Path) -> UsedFiles:
        """Return the files that belong to one."""
        return _USED.validate_python(self._ask({"do": "used", "file": str(file)}).header)

    @override
    def describe(self, file: Path) -> Description:
        """Return the images of a file."""
        answer = self._ask({"do": "describe", "file": str(file)})
        return _DESCRIPTION.validate_python(answer.header)

    @override
    def pixels(self, file: Path, series: int, region: TileRegion) -> bytes:
        """Return a region's pixels."""
        request = {
            "do": "pixels",
            "file": str(file),
            "series": series,
            **{
                name: getattr(region, name)
                for name in ("level", "z", "c", "t", "x", "y", "width", "height")
            },
        }
        return self._ask(request).content

    @override
    def forget(self, file: Path) -> None:
        """Close a file, if the process runs."""
        with self._lock:
            running = self._running
            if running is not None and running.is_alive:
                try:
                    running.ask({"do": "forget", "file": str(file)}, self._settings.patience_s)
                except (ProcessEnded, Hung):
                    self._end()

    @override
    def interrupt(self) -> None:
        """Kill the process; not under the lock, which who asks it holds."""
        running = self._running
        if running is not None:
            running.kill()

    @override
    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, request: dict[str, Any]) -> Reply:
        """Return an answer that is none of an error; raises what ``port.py`` says."""
        file = Path(request["file"]) if "file" in request else None
        with self._lock:
            try:
                answer = self._answer(request)
            except (Hung, ProcessEnded) as error:
                # No warning: who asked is told with a sentence, also on the command line.
                _log.info("Bio-Formats was lost", file=str(file), error=type(error).__name__)
                self._end()
                raise failures.lost(error, file, self._settings.patience_s) from error
            finally:
                self._rest_later()
        failures.check(answer.header, file, self._settings.memory_mb)
        return answer

    def _answer(self, request: dict[str, Any]) -> Reply:
        patience_s = self._settings.patience_s
        running = self._ready()
        try:
            return running.ask(request, patience_s)
        except ProcessEnded as error:
            if not error.unread or running.is_unwanted:
                raise
        # It was gone before we asked: whatever ended it, it was not this file.
        self._end()
        return self._ready().ask(request, patience_s)

    def _ready(self) -> Running:
        if self._running is not None and not self._running.is_alive:
            _log.info("Bio-Formats' process had ended; it is started again")
            self._end()
        if self._running is None:
            try:
                return self._start()
            except (Hung, ProcessEnded) as error:
                _log.info("Bio-Formats is started once more", error=type(error).__name__)
            try:
                return self._start()
            except (Hung, ProcessEnded) as error:
                raise failures.not_started(error, self._settings.start_s) from error
        return self._running

    def _start(self) -> Running:
        """Start a process and wait until it is ready; raises Unavailable, Hung, Ended."""
        try:
            made = Running(self._places, self._settings.memory_mb)
        except OSError as error:
            raise failures.not_started(error, self._settings.start_s) from error
        # From now on it can be interrupted.
        self._running = made
        try:
            version = made.wait_until_ready(self._settings.start_s)
        except (Hung, ProcessEnded) as error:
            is_unwanted = made.is_unwanted
            self._end()
            if is_unwanted:
                raise failures.not_started(error, self._settings.start_s) from error
            raise
        _log.info("Bio-Formats started", version=version, pid=made.pid)
        return made

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.end()

    def _rest_later(self) -> None:
        self._asked_at = time.monotonic()
        if self._rest is None and self._running is not None:
            self._rest = threading.Timer(self._settings.idle_s, self._rest_now)
            self._rest.daemon = True
            self._rest.start()

    def _rest_now(self) -> None:
        """End what nobody needs; look again later when somebody asked meanwhile."""
        with self._lock:
            self._rest = None
            if time.monotonic() - self._asked_at >= self._settings.idle_s:
                self._end()
            else:
                self._rest_later()
