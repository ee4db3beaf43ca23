"""One log for a whole process: structured, without secrets, for one account's eyes.

Every entry point configures it first. What nobody caught -- in the main thread, another
thread, a destructor, a task -- goes the same way: its traceback shows no local variables,
for they hold grants and passwords, and the last line of a process that dies says why.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog
from typing_extensions import override

from transferapp.errors import Internal, SettingsInvalid, TransferAppError
from transferapp.host.config_file import LOG_PREFIX, chosen, origin
from transferapp.host.hiding import hide_secrets, hide_tokens

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_FORMATS = ("text", "json")
#: They tell at length what we tell in our own words, or tell of every request.
_CHATTY = ("httpx", "httpcore", "asyncio", "alembic")
#: They tell of each fault of a damaged file, which people read in our words: as a verdict.
_OF_FILES = ("tifffile", "PIL", "nd2")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_log = structlog.get_logger(__name__)


def configure_logging(
    process: str, *, json: bool = False, level: int = logging.INFO, private: bool = True
) -> None:
    """Send everything to standard error, as JSON lines or for people; may be repeated.

    ``process`` (server, worker, agent...) is in every line. Foreign libraries log through
    the same chain, so their secrets are hidden too. ``private``: where the standard streams
    go to a file, nobody but its owner may read it from now on. ``json`` and ``level`` are the
    process's habit; TRANSFERAPP_LOG_LEVEL and _FORMAT, or a file's [log], go before. Raises
    SettingsInvalid when one of these is wrong, once the log is there that tells it.
    """
    wrong: list[SettingsInvalid] = []
    level = _LEVELS.get(_chosen("level", tuple(_LEVELS), wrong), level)
    json = {"text": False, "json": True}.get(_chosen("format", _FORMATS, wrong), json)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_process(process),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _drop_colours,
                structlog.processors.format_exc_info,
                hide_secrets,
                _renderer(json=json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if process == "cli" and level == logging.DEBUG:
        # Its requests are what a person looks for; a server's would name people's webhooks.
        logging.getLogger("httpx").setLevel(logging.INFO)
    for reader in _OF_FILES:
        logging.getLogger(reader).setLevel(logging.CRITICAL)
    if private:
        _narrow_files()
    log_what_nobody_caught()
    for error in wrong:
        raise error


def _chosen(key: str, known: tuple[str, ...], wrong: list[SettingsInvalid]) -> str:
    """Return what a setting says, or nothing; what is unknown goes into ``wrong``."""
    try:
        stated = chosen(key, LOG_PREFIX).strip().lower()
        reported = origin(key, LOG_PREFIX)
    except SettingsInvalid as error:
        wrong.append(error)
        return ""
    if not stated or stated in known:
        return stated
    text = f"{', '.join(known[:-1])} or {known[-1]}"
    wrong.append(SettingsInvalid(f"{reported}: '{stated}' is not known. Write {text}."))
    return ""


def log_the_end(error: BaseException) -> None:
    """Tell why a process dies: the trace of a defect first, and one line as the last word."""
    if isinstance(error, TransferAppError):
        code, stated = error.code, f"{error.title}. {error.message}"
    else:
        _log.error("a defect", exc_info=error)
        code, stated = Internal.code, f"{type(error).__name__}: {error}"
    _log.critical("this process ends", code=code, error=" ".join(stated.split()))


class _Handler(logging.StreamHandler[Any]):
    """Writes lines; one that cannot be made says so without its values."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Name the place only: the library's way prints the message's arguments."""
        with contextlib.suppress(OSError, ValueError):
            kind = sys.exc_info()[0]
            name = kind.__name__ if kind else "error"
            self.stream.write(f"a line of {record.name} cannot be logged: {name}\n")


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Looks once more for our tokens, in the line as it is written."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return hide_tokens(super().format(record))


def log_what_nobody_caught() -> None:
    """Log what ends the main thread or another one, or is raised where nobody can catch."""
    sys.excepthook = _main_thread_ended
    threading.excepthook = _thread_ended
    sys.unraisablehook = _could_not_be_raised


def _main_thread_ended(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not isinstance(error, Exception):
        sys.__excepthook__(kind, error, trace)  # Ctrl-C
        return
    log_the_end(error)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None or isinstance(ended.exc_value, SystemExit):
        return
    name = ended.thread.name if ended.thread else ""
    _log.error("a thread ended by a defect", thread=name, exc_info=ended.exc_value)


def _could_not_be_raised(odd: sys.UnraisableHookArgs) -> None:
    # Not the object's repr: it may hold anything, and may raise by itself.
    place = type(odd.object).__name__
    _log.error("an error in passing", text=odd.err_msg, place=place, exc_info=odd.exc_value)


def _narrow_files() -> None:
    """Take others' rights from the files behind the standard streams, whoever made them."""
    for number in (1, 2):
        with contextlib.suppress(OSError):
            mode = os.fstat(number).st_mode
            if stat.S_ISREG(mode) and mode & _OTHERS and hasattr(os, "fchmod"):
                os.fchmod(number, stat.S_IMODE(mode) & ~_OTHERS & ~stat.S_IXUSR)


def _name_process(process: str) -> structlog.typing.Processor:
    def add(
        _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return add


def _drop_colours(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    # uvicorn says each sentence twice, once with codes for a terminal.
    event.pop("color_message", None)
    return event


def _renderer(*, json: bool) -> structlog.typing.Processor:
    if json:
        return structlog.processors.JSONRenderer(default=repr)
    # https://no-color.org: set to anything but nothing.
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    # Tracebacks are text by now; before 26.1 the default formatter warns of that.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)
