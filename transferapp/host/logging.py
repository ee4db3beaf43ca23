"""One log for a whole process: structured, and without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

#: What secrets look like, wherever they turn up in a text.
_SECRET_TEXT = re.compile(
    r"""ta1_[A-Za-z0-9_\-]+
    | (?<=://)[^\s/?#@:"']*:[^\s/"']+(?=@)
    | (?P<name>authorization|password)(?P<between>["']?\s*[:=]\s*)
      (?:["'][^"']*["']|(?:bearer|basic)\s+\S+|\S+)""",
    re.IGNORECASE | re.VERBOSE,
)
#: Keys whose values are never shown.
_SECRET_KEYS = ("authorization", "password", "token", "secret")
#: What stands where a secret was.
HIDDEN = "[hidden]"


def configure_logging(process: str, *, json: bool) -> None:
    """Send everything to standard error, as JSON lines or for people; may be repeated.

    ``process`` (server, worker, agent...) is in every line. Foreign libraries log through
    the same chain, so their secrets are hidden too.
    """
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
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
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
    root.setLevel(logging.INFO)
    for chatty in ("httpx", "httpcore", "asyncio", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def hide_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace secrets in all values of an event, also nested ones; a structlog processor."""
    for key, value in event.items():
        event[key] = HIDDEN if _is_secret(key) else _hide(value)
    return event


def _hide(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = ((str(key), one) for key, one in value.items())
        return {key: HIDDEN if _is_secret(key) else _hide(one) for key, one in pairs}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_hide(one) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else repr(value)
    return hide_in_text(text)


def hide_in_text(text: str) -> str:
    """Replace what looks like a secret: our tokens, passwords, URLs that carry one."""
    return _SECRET_TEXT.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    if found["name"]:
        return f"{found['name']}{found['between']}{HIDDEN}"
    return HIDDEN


def _is_secret(key: str) -> bool:
    lowered = key.lower()
    return any(lowered == one or lowered.endswith(f"_{one}") for one in _SECRET_KEYS)


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
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
