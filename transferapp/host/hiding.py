"""Hide secrets in whatever is about to be shown: by the names of values, and by their looks.

The last line of defence. Whoever has a secret keeps it out of messages; this finds what a
library, an exception's text or a URL carries along all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

#: What our own tokens, signed URLs and webhook secrets look like.
_TOKENS = re.compile(r"(?:ta1_|whsec_)[A-Za-z0-9_\-+/=]+|tas1_[A-Za-z0-9_\-.]+")
#: What secrets look like, wherever they turn up in a text.
_SECRET_TEXT = re.compile(
    r"""(?:ta1_|whsec_)[A-Za-z0-9_\-+/=]+
    # The signature of a signed URL.
    | tas1_[A-Za-z0-9_\-.]+
    # The key of an OMERO session (5.6): a UUID. Our own ids have no dashes.
    | (?<!urn:uuid:)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b
    # A URL's user and password; also where its scheme was mistyped.
    | (?<=/)[^\s/?\#@:"']*:[^\s/"']+(?=@)
    | (?-i:Bearer|Basic)\s+[A-Za-z0-9+/=_.~\-]{12,}
    | (?P<name>authorization|cookie|passw(?:or)?d|passphrase|secret|token|api[_-]?key
        |session[_-]?(?:key|uuid))
      (?P<between>["']?\s*[:=]\s*)
      (?:["'][^"']*["']|(?:bearer|basic)\s+\S+|\S+)""",
    re.IGNORECASE | re.VERBOSE,
)
#: Keys whose values are never shown.
_SECRET_KEYS = (
    *("authorization", "password", "passwd", "passphrase", "token", "secret", "cookie"),
    *("api_key", "session_key"),
)
#: What stands where a secret was.
HIDDEN = "[hidden]"


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


def hide_tokens(line: str) -> str:
    """Replace our own tokens only, in a line whose form (JSON) must stay what it is."""
    return _TOKENS.sub(HIDDEN, line)


def _replacement(found: re.Match[str]) -> str:
    if found["name"]:
        return f"{found['name']}{found['between']}{HIDDEN}"
    return HIDDEN


def _is_secret(key: str) -> bool:
    lowered = key.lower()
    return any(lowered == one or lowered.endswith(f"_{one}") for one in _SECRET_KEYS)
