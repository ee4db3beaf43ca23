"""Take back what a call wrote before it failed, as the database of a real server does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class UndoLog:
    """How to take back each write of the transaction that is open, if one is."""

    def __init__(self) -> None:
        """Start outside of any transaction."""
        self._steps: list[Callable[[], object]] | None = None

    def note(self, step: Callable[[], object]) -> None:
        """Remember how a write is taken back; nothing outside of a transaction."""
        if self._steps is not None:
            self._steps.append(step)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all writes, or none of them when the block raises; not nested."""
        self._steps = []
        try:
            yield
        except BaseException:
            steps, self._steps = self._steps, None
            for step in reversed(steps):
                step()
            raise
        finally:
            self._steps = None
