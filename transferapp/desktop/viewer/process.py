"""The napari process: commands as JSON lines on stdin, events as JSON lines on stdout.

    python -m transferapp.desktop.viewer.process

It warms up hidden, shows images on command, and ends when stdin ends: it never outlives
the desktop. A driver that crashes takes only this process with it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO

import structlog
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.viewer import messages
from transferapp.desktop.viewer.opengl import prepare_opengl
from transferapp.desktop.viewer.pyramid import RemoteImage, open_image
from transferapp.desktop.viewer.store import RenewableToken
from transferapp.host.logging import configure_logging, log_the_end
from transferapp.protocol.messages import Message

if TYPE_CHECKING:
    from transferapp.desktop.viewer.window import ViewerWindow

#: It runs as ``__main__``; the log has its module's name all the same.
_log = structlog.get_logger("transferapp.desktop.viewer.process")


class EventPipe:
    """Writes events to the desktop; libraries that print cannot get between the lines."""

    def __init__(self) -> None:
        """Take stdout for events alone; what others print goes to stderr."""
        self._lock = threading.Lock()
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)

    def send(self, event: Message) -> None:
        """Write one event, from any thread."""
        with self._lock:
            try:
                self._out.write(messages.to_line(event))
            except BrokenPipeError:
                # The desktop is gone; the end of stdin is about to say so.
                return


class ViewerProcess(QObject):
    """Joins the pipe, the readers in threads, and the window on the GUI thread."""

    command_read = Signal(object)
    pipe_ended = Signal()
    #: (the command, a RemoteImage or an error)
    opened = Signal(object, object)

    def __init__(self, pipe: EventPipe, window: ViewerWindow) -> None:
        """Start reading commands."""
        super().__init__()
        self._pipe = pipe
        self._window = window
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="open")
        self._latest: messages.Open | None = None
        #: The latest one, until it has shown pixels or failed.
        self._awaited: messages.Open | None = None
        self._image: RemoteImage | None = None
        self._token: RenewableToken | None = None
        queued = Qt.ConnectionType.QueuedConnection
        self.command_read.connect(self._obey, queued)
        self.pipe_ended.connect(QApplication.quit, queued)
        self.opened.connect(self._show, queued)
        window.failed.connect(self._failed, queued)
        window.dock.export_asked.connect(self._export)
        threading.Thread(target=self._read_commands, name="commands", daemon=True).start()

    def _read_commands(self) -> None:
        for line in sys.stdin.buffer:
            try:
                self.command_read.emit(messages.read_command(line))
            except ValueError:
                # Neither the line nor the error is written: both may hold a token.
                _log.warning("a command was not understood")
        self.pipe_ended.emit()

    def _obey(self, command: messages.Open | messages.Renew) -> None:
        if isinstance(command, messages.Renew):
            if self._token is not None:
                self._token.renew(command.token.get_secret_value())
                self._window.refresh()
            return
        self._latest = self._awaited = command
        self._token = RenewableToken(command.token.get_secret_value(), self._ask_for_token)
        try:
            self._window.announce(command.name)
        except Exception as error:  # noqa: BLE001 - Qt would only print it
            self._give_up(command, error)
            return
        self._threads.submit(self._open, command, self._token)

    def _open(self, command: messages.Open, token: RenewableToken) -> None:
        try:
            self.opened.emit(command, open_image(command.url, token))
        except errors.TransferAppError as error:
            self.opened.emit(command, error)
        except Exception:  # noqa: BLE001 - nobody asks the future: it would vanish
            _log.exception("an image cannot be opened")
            self.opened.emit(command, errors.Internal())

    def _show(
        self, command: messages.Open, result: RemoteImage | errors.TransferAppError
    ) -> None:
        if isinstance(result, errors.TransferAppError):
            self._fail(command, result)
        elif command is not self._latest:
            self._threads.submit(result.store.close)
        else:
            if self._image is not None:
                self._threads.submit(self._image.store.close)
            self._image = result
            try:
                self._window.show_image(command.name, result, self._first_pixels(command))
            except Exception as error:  # noqa: BLE001 - Qt would only print it
                self._give_up(command, error)

    def _first_pixels(self, command: messages.Open) -> Callable[[], None]:
        def reported() -> None:
            self._awaited = None
            elapsed_ms = (time.monotonic() - command.clicked_at) * 1000
            self._pipe.send(
                messages.FirstPixels(image_id=command.image_id, ms=round(elapsed_ms, 1))
            )

        return reported

    def _failed(self, error: Exception) -> None:
        """Report what napari could not do: to the desktop while it waits for first pixels."""
        if not isinstance(error, errors.TransferAppError):
            _log.error("napari failed", exc_info=error)
            error = errors.Internal()
        if self._awaited is not None:
            self._fail(self._awaited, error)
        else:
            self._window.show(f"{error.title}. {error.message}")

    def _give_up(self, command: messages.Open, error: Exception) -> None:
        """Report it, and end: a layer that napari added by halves spoils every later image.

        The desktop starts the next process.
        """
        self._awaited = command
        self._failed(error)
        QApplication.exit(1)

    def _fail(self, command: messages.Open, error: errors.TransferAppError) -> None:
        if command is self._latest:
            self._awaited = None
            self._window.stop_waiting()
            self._window.show(f"{error.title}. {error.message}")
        self._pipe.send(
            messages.Failed(image_id=command.image_id, code=error.code, message=error.message)
        )

    def _ask_for_token(self) -> None:
        self._pipe.send(messages.TokenExpired())

    def _export(self, selection: messages.Selection) -> None:
        if self._latest is not None:
            self._pipe.send(
                messages.Export(image_id=self._latest.image_id, selection=selection)
            )


def main() -> int:
    """Run until stdin ends."""
    configure_logging("viewer")
    loop.log_qt_messages()
    pipe = EventPipe()
    # No settings file: napari's own installation of a person is not touched.
    os.environ.update({"NAPARI_CONFIG": "", "QT_API": "pyside6"})
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    renderer = prepare_opengl()
    if renderer is None:
        pipe.send(messages.NoOpenGL(detail=f"no OpenGL 2.1 context on '{app.platformName()}'"))
        return 0
    # Imported only now: it reads the environment and takes a second or two.
    from transferapp.desktop.viewer.window import ViewerWindow  # noqa: PLC0415

    window = ViewerWindow(hidden=lambda: pipe.send(messages.Hidden()))
    window.warm_up()
    viewer = ViewerProcess(pipe, window)
    pipe.send(messages.Ready(renderer=renderer))
    code = app.exec()
    del viewer
    return code


if __name__ == "__main__":
    # Nothing is left to save, and a graphics driver that hangs on its way out must not keep
    # the process.
    code = 1
    try:
        code = main()
    except Exception as error:  # noqa: BLE001 - it ends this process, which says why
        log_the_end(error)
    os._exit(code)
