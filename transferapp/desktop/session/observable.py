"""Let a presenter tell whoever watches it that something changed, without Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Listeners(Generic[P]):
    """A typed list of callbacks, called in the order they came.

    ``changed: Listeners[[]] = Listeners()`` and ``failed: Listeners[[TransferAppError]]``.
    """

    __slots__ = ("_callbacks",)

    def __init__(self) -> None:
        self._callbacks: list[Callable[P, object]] = []

    def listen(self, callback: Callable[P, object]) -> Callable[[], None]:
        """Add a callback; the returned function removes it again (once or more often)."""
        self._callbacks.append(callback)

        def stop() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return stop

    def notify(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call everyone; whoever leaves meanwhile is not called."""
        for callback in tuple(self._callbacks):
            if callback in self._callbacks:
                callback(*args, **kwargs)

    def __len__(self) -> int:
        """Return how many listen."""
        return len(self._callbacks)
