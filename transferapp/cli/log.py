"""The command line's log, opened when there is something to tell.

The log brings structlog and rich, a sixth of what handing an import over takes; most commands
end well and log nothing.
"""

from __future__ import annotations

import logging
import sys
import threading

from typing_extensions import override

from transferapp.errors import SettingsInvalid
from transferapp.host.config_file import LOG_PREFIX, chosen


class _Waiting(logging.Handler):
    """Opens the log for the first record that is worth it, and hands the record on."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        open_log()
        # The log leaves out what some libraries tell.
        if logging.getLogger(record.name).isEnabledFor(record.levelno):
            logging.getLogger().handle(record)


def prepare_log() -> None:
    """Log warnings, once there is one; at once where a setting says how and how much.

    Raises SettingsInvalid for a wrong setting.
    """
    if _is_set("level") or _is_set("format"):
        open_log()
        return
    root = logging.getLogger()
    root.handlers[:] = [_Waiting()]
    root.setLevel(logging.WARNING)
    threading.excepthook = _thread_ended
    sys.unraisablehook = _could_not_be_raised


def open_log() -> None:
    """Log what goes wrong; with -v also each request. Raises SettingsInvalid."""
    from transferapp.host.logging import configure_logging  # noqa: PLC0415 - see above

    configure_logging("cli", level=logging.WARNING, private=False)


def open_waiting_log() -> None:
    """Open the log if it waits; call it before what logs by structlog is imported late: without
    this, structlog would write to standard output, and show secrets in tracebacks.
    """
    if any(isinstance(handler, _Waiting) for handler in logging.getLogger().handlers):
        open_log()


def _is_set(key: str) -> bool:
    try:
        return bool(chosen(key, LOG_PREFIX))
    except SettingsInvalid:
        return True  # Opening the log says what is wrong.


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    open_log()
    threading.excepthook(ended)


def _could_not_be_raised(odd: sys.UnraisableHookArgs) -> None:
    open_log()
    sys.unraisablehook(odd)
