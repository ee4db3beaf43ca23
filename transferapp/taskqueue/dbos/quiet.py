"""Keep the engine's log to what an operator can act on."""

from __future__ import annotations

import asyncio
import logging

from dbos import error as dbos_error
from typing_extensions import override

#: Somebody cancelled the task, or the worker stops: intended, and told by our own log.
_INTENDED = (
    asyncio.CancelledError,
    dbos_error.DBOSAwaitedWorkflowCancelledError,
    dbos_error.DBOSWorkflowCancelledError,
)


class _IntendedStops(logging.Filter):
    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Drop tracebacks of cancelled tasks and the notes that they are parked."""
        if record.exc_info and isinstance(record.exc_info[1], _INTENDED):
            return False
        return "Waiting for the" not in record.getMessage()


def quiet_engine_log() -> None:
    """Send the engine's warnings through the process's own handlers, without noise."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(one, _IntendedStops) for one in logger.filters):
        logger.addFilter(_IntendedStops())
    if not logger.handlers:
        # With a handler there the engine adds none of its own and leaves propagation on.
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
