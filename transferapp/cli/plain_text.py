"""Text of others (names of files, words of servers) as it is, and safe to print.

A name may hold what moves the cursor, clears the screen, or turns the direction of reading,
so that a line seems to say something else: such characters are spelled out.
"""

from __future__ import annotations

import unicodedata

#: Not letters and not seen: they turn the direction of reading (Unicode TR 9), or hide that
#: two names differ. Joiners stay: emoji, Persian and Indian scripts need them.
_UNSEEN = frozenset("\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\ufeff") | frozenset(
    chr(code)
    for low, high in ((0x202A, 0x202E), (0x2061, 0x206F))
    for code in range(low, high + 1)
)
#: Controls, lone surrogates, separators of lines and paragraphs.
_SPELLED_OUT = frozenset(("Cc", "Cs", "Zl", "Zp"))
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
#: How Python keeps a byte of a file name that is no text (PEP 383): U+DC80 to U+DCFF.
_BYTES = range(0xDC80, 0xDD00)


def plain(text: str, encoding: str = "utf-8") -> str:
    """Return one line that is safe to print to a stream of this encoding."""
    if text.isascii() and text.isprintable():
        return text
    safe = "".join(map(_spelled, text))
    return safe.encode(encoding, "backslashreplace").decode(encoding)


def _spelled(character: str) -> str:
    unseen = character in _UNSEEN or unicodedata.category(character) in _SPELLED_OUT
    if not unseen:
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte
