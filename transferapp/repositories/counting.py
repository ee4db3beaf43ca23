"""Count the bytes of a fileset for somebody who watches them move."""

from __future__ import annotations

from transferapp.repositories.port import ByteListener


class ByteCount:
    """Adds up pieces and files; one thread at a time adds."""

    def __init__(self, listener: ByteListener | None = None) -> None:
        """Tell ``listener`` the sum at every change."""
        self._listener = listener
        self._sum = 0

    def restart(self) -> None:
        """Count from nothing: all is sent again."""
        self._sum = 0

    def add(self, more: int) -> None:
        """Count so many bytes more."""
        self._sum += more
        if self._listener is not None:
            self._listener(self._sum)
