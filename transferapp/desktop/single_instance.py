"""One desktop for each account: a second start shows the window of the first."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from transferapp.host.paths import private_folder

#: Milliseconds that the first one has to answer.
ANSWER_MS = 1000
_RAISE = b"raise\n"


def raise_other(socket_path: Path) -> bool:
    """Ask a running desktop to come to the front; False when there is none."""
    socket = QLocalSocket()
    socket.connectToServer(str(socket_path))
    if not socket.waitForConnected(ANSWER_MS):
        return False
    socket.write(_RAISE)
    socket.flush()
    # One that hangs does not answer; then this start goes on by itself.
    answered = socket.bytesAvailable() > 0 or socket.waitForReadyRead(ANSWER_MS)
    socket.disconnectFromServer()
    return answered


class FirstInstance(QObject):
    """Listens for later starts; ``raise_requested`` is told of each."""

    raise_requested = Signal()

    def __init__(self, socket_path: Path) -> None:
        super().__init__()
        private_folder(socket_path.parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        # What a crashed desktop left behind would keep us from listening.
        QLocalServer.removeServer(str(socket_path))
        self._server.newConnection.connect(self._greet)
        self._server.listen(str(socket_path))

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._server.close()

    def _greet(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.write(b"here\n")
            self.raise_requested.emit()
