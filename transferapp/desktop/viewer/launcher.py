"""Keeps one warm napari process for the desktop, and starts it again when it crashes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from pydantic import SecretStr

from transferapp import error_codes, errors
from transferapp.desktop import loop
from transferapp.desktop.viewer import messages

#: What starts the viewer from a source tree or a virtual environment.
VIEWER_COMMAND = (sys.executable, "-m", "transferapp.desktop.viewer.process")
#: Importing napari takes seconds, on a cold and busy computer many.
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 5.0
#: Crashes in a row after which it waits for a person to ask again.
_MOST_CRASHES = 2
_LINE_LIMIT = 1 << 20
_LAST_OUTPUT = 20

FirstPixelsListener = Callable[[int, float], None]
ExportListener = Callable[[int, messages.Selection], None]
FailureListener = Callable[[int | None, errors.TransferAppError], None]
TokenListener = Callable[[], None]

_log = structlog.get_logger(__name__)


class ViewerLauncher:
    """One viewer process. Everything here happens on the desktop's event loop."""

    def __init__(self, command: Sequence[str] = VIEWER_COMMAND) -> None:
        """Start nothing yet; ``command`` runs the viewer."""
        self._command = command
        self._process: Process | None = None
        self._ready: asyncio.Future[None] | None = None
        self._follower: asyncio.Task[None] | None = None
        self._complaints: asyncio.Task[None] | None = None
        self._last_output: deque[str] = deque(maxlen=_LAST_OUTPUT)
        #: The image that was asked for and has not shown a pixel yet.
        self._awaited: int | None = None
        self._crashes = 0
        self._closing = False
        self._no_opengl: errors.ViewerUnavailable | None = None
        self._first_pixels: list[FirstPixelsListener] = []
        self._exports: list[ExportListener] = []
        self._failures: list[FailureListener] = []
        self._expiries: list[TokenListener] = []

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process else None

    def on_first_pixels(self, listener: FirstPixelsListener) -> None:
        """Call ``listener(image_id, milliseconds since the click)`` at the first pixels."""
        self._first_pixels.append(listener)

    def on_export(self, listener: ExportListener) -> None:
        """Call ``listener(image_id, selection)`` when a person asks for an export."""
        self._exports.append(listener)

    def on_failed(self, listener: FailureListener) -> None:
        """Call ``listener(image_id or None, error)`` when an image cannot be shown."""
        self._failures.append(listener)

    def on_token_expired(self, listener: TokenListener) -> None:
        """Call ``listener()`` when the server refused the token; answer with ``renew``."""
        self._expiries.append(listener)

    async def warm_up(self) -> None:
        """Start the process, if it does not run, and wait until it is ready.

        Raises ViewerUnavailable: no OpenGL, not installed, or it does not come up.
        """
        if self._no_opengl is not None:
            raise self._no_opengl
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            await self._start()
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), START_TIMEOUT_S)
        except TimeoutError:
            self.log_silence()
            await self._stop()
            raise errors.ViewerUnavailable(
                "The large viewer did not start in time. Close other programs and try again."
            ) from None

    async def open(
        self, image_id: int, name: str, url: str, token: str, clicked_at: float
    ) -> None:
        """Show an image; ``url`` is its OME-Zarr, ``clicked_at`` is ``time.monotonic()``.

        Starts the process when it does not run. Raises ViewerUnavailable.
        """
        self._crashes = 0
        await self.warm_up()
        self._awaited = image_id
        await self._send(
            messages.Open(
                image_id=image_id,
                name=name,
                url=url,
                token=SecretStr(token),
                clicked_at=clicked_at,
            )
        )

    async def renew(self, token: str) -> None:
        """Hand a fresh token to the reads that wait for one."""
        if self._process is not None:
            await self._send(messages.Renew(token=SecretStr(token)))

    def log_silence(self) -> None:
        """Log what the process wrote last, when it did not do in time what it was asked."""
        _log.error("the viewer is silent", last_output=list(self._last_output))

    async def close(self) -> None:
        """End the process; nothing is called afterwards."""
        self._closing = True
        await self._stop()

    async def _start(self) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=_LINE_LIMIT
            )
        except OSError as error:
            self._settle(errors.ViewerUnavailable("The large viewer is not installed."))
            raise errors.ViewerUnavailable("The large viewer is not installed.") from error
        self._follower = loop.spawn(self._follow(self._process), name="viewer-events")
        self._complaints = loop.spawn(
            self._listen_to_complaints(self._process), name="viewer-complaints"
        )

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        for task in (self._follower, self._complaints):
            if task is not None and task is not asyncio.current_task():
                await asyncio.gather(task, return_exceptions=True)

    async def _send(self, command: messages.Open | messages.Renew) -> None:
        assert self._process is not None  # noqa: S101
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(messages.to_line(command))
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            # It crashed this moment; the follower sees that too and says so.
            _log.info("the viewer went away while it was spoken to")

    async def _follow(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101
        async for line in process.stdout:
            try:
                event = messages.read_event(line)
            except ValueError:
                _log.warning("the viewer said something that was not understood")
                continue
            try:
                self._report(event)
            except Exception as error:  # noqa: BLE001 - a page's defect; others follow
                loop.route_error(error)
        code = await process.wait()
        self._ended(code)
        if self._should_restart():
            with contextlib.suppress(errors.ViewerUnavailable):
                # A person hears of it when she asks for the viewer.
                await self.warm_up()

    async def _listen_to_complaints(self, process: Process) -> None:
        assert process.stderr is not None  # noqa: S101
        async for line in process.stderr:
            self._last_output.append(line.decode(errors="replace").rstrip())

    def _report(self, event: messages.AnyEvent) -> None:
        match event:
            case messages.Ready():
                self._settle(None)
            case messages.NoOpenGL():
                _log.info("no OpenGL for the viewer", error=event.detail)
                self._no_opengl = errors.ViewerUnavailable()
            case messages.FirstPixels() | messages.Failed() | messages.Hidden():
                self._awaited, self._crashes = None, 0
        self._pass_on(event)

    def _pass_on(self, event: messages.AnyEvent) -> None:
        match event:
            case messages.FirstPixels():
                for first in self._first_pixels:
                    first(event.image_id, event.ms)
            case messages.Export():
                for export in self._exports:
                    export(event.image_id, event.selection)
            case messages.Failed():
                self._fail(event.image_id, error_codes.from_code(event.code, event.message))
            case messages.TokenExpired():
                for expired in self._expiries:
                    expired()

    def _ended(self, code: int) -> None:
        awaited, self._awaited, self._process = self._awaited, None, None
        if self._closing:
            self._settle(errors.ViewerUnavailable("The viewer was closed."))
            return
        if self._no_opengl is not None:
            self._settle(self._no_opengl)
            return
        self._crashes += 1
        _log.error("the viewer crashed", exit_code=code, last_output=list(self._last_output))
        crashed = errors.ViewerUnavailable(
            "The large viewer crashed. Your transfers are not affected. Open the image again."
        )
        if not self._settle(crashed):
            self._fail(awaited, crashed)
        self._ready = None

    def _should_restart(self) -> bool:
        wanted = not self._closing and self._no_opengl is None
        return wanted and self._crashes < _MOST_CRASHES

    def _settle(self, error: errors.ViewerUnavailable | None) -> bool:
        """End the wait for readiness; False when it had ended before."""
        ready = self._ready
        if ready is None or ready.done():
            return False
        if error is None:
            ready.set_result(None)
        else:
            ready.set_exception(error)
            # Marks it as seen: nobody may be waiting.
            ready.exception()
            self._ready = None
        return True

    def _fail(self, image_id: int | None, error: errors.TransferAppError) -> None:
        for listener in self._failures:
            listener(image_id, error)
