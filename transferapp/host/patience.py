"""Call again for as long as the other side is away: for what cannot be found out again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from transferapp.errors import Unavailable
from transferapp.host.backoff import Backoff

P = ParamSpec("P")
R = TypeVar("R")

#: Between two tries.
PAUSES = Backoff(0.2, 5.0)


def patience(
    pauses: Backoff = PAUSES, *, on_wait: Callable[[str], None] | None = None
) -> AsyncRetrying:
    """Return what calls a function until it does not raise Unavailable any more.

    ``on_wait`` is called with the reason before each pause.
    """

    def waits(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if on_wait is not None:
            on_wait(str(error))

    return AsyncRetrying(
        retry=retry_if_exception_type(Unavailable), wait=pauses.wait, before_sleep=waits
    )


async def patiently(
    function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Return what ``function`` does, however long the other side is away."""
    found: R = await patience()(function, *args, **kwargs)
    return found
