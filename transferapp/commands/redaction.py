"""Make lines of what a program prints, without control characters and without secrets.

Line by line, so that a secret that comes in two pieces is still seen whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from transferapp.host.hiding import HIDDEN, hide_in_text

#: Characters of a line; the rest is left out.
MAX_LINE = 16 << 10
_CUT_LINE = " [this line is longer; its rest is left out]"
#: A known secret that is shorter would hide ordinary words.
_SHORTEST = 4
#: Lines of a private key that are hidden when its end never comes.
_LONGEST_KEY = 200

#: A carriage return at the very end may be the first half of a line end.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
#: All control characters but the tab, also those of 8 bits and the surrogates.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TEXT = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|session[_-]?(?:id|key|uuid)"
)
#: More than in our own log: what strangers print is not ours to trust.
_SECRET_TEXT = re.compile(
    rf"""\b[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\b   # a session of OMERO
    | \beyJ[\w-]{{8,}}\.[\w-]+\.[\w-]*                             # a JSON web token
    | \b(?P<name>bearer|basic)(?P<between>\s+)[\w+/.~=-]{{8,}}
    | (?P<key>{_TEXT})(?P<equals>["']?\s*[:=]\s*|(?<=-password)\s+|(?<=-token)\s+)
      (?:["'][^"']*["']|\S+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_NAME = re.compile(rf"(?:{_TEXT}|_key$|^key$|auth)", re.IGNORECASE)
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY")


def is_secret_name(name: str) -> bool:
    """Tell whether a variable of this name holds what nobody should read."""
    return _SECRET_NAME.search(name) is not None


class OutputCleaner:
    """Turns the bytes of one program into clean lines."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Hide also ``secrets``, wherever they turn up."""
        known = {line for value in secrets for line in value.splitlines()}
        self._known = sorted((s for s in known if len(s) >= _SHORTEST), key=len, reverse=True)
        self._rest = b""
        #: The rest of a line that was too long is still coming.
        self._skipping = False
        self._key_lines = 0

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the lines that are complete now."""
        *complete, self._rest = _LINE_END.split(self._rest + data)
        for line in complete:
            if not self._skipping:
                yield self._cleaned(line)
            self._skipping = False
        if self._skipping:
            self._rest = self._rest[-1:]
        elif len(self._rest) > MAX_LINE:
            yield self._cleaned(self._rest)
            self._skipping, self._rest = True, self._rest[-1:]

    def finish(self) -> Iterator[str]:
        """Yield what came after the last line end."""
        last, self._rest = self._rest.removesuffix(b"\r"), b""
        if last and not self._skipping:
            yield self._cleaned(last)

    def _cleaned(self, line: bytes) -> str:
        text = line[:MAX_LINE].decode("utf-8", "replace")
        text = _CONTROL.sub("", _TERMINAL.sub("", text))
        cut = len(line) > MAX_LINE
        if cut:
            # What the cut goes through could be half a secret, which looks like none.
            text = self._whole_text(text)
        return self._hidden(text) + (_CUT_LINE if cut else "")

    def _whole_text(self, text: str) -> str:
        most = max([512, *(len(secret) for secret in self._known)])
        last = text[-most:]
        return text[:-most] + last[: max(0, last.rfind(" "), last.rfind("\t"))]

    def _hidden(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        if self._within_key(text):
            return HIDDEN
        return _SECRET_TEXT.sub(_replacement, hide_in_text(text))

    def _within_key(self, text: str) -> bool:
        if _KEY_BEGINS.search(text):
            self._key_lines = _LONGEST_KEY
        within = self._key_lines > 0
        self._key_lines = 0 if _KEY_ENDS.search(text) else max(0, self._key_lines - 1)
        return within


def _replacement(found: re.Match[str]) -> str:
    before = (found["key"] or found["name"] or "") + (found["equals"] or found["between"] or "")
    return before + HIDDEN
