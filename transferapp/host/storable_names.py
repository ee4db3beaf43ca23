"""Names of files and folders that Windows, macOS and Linux can store, made from any words."""

from __future__ import annotations

import unicodedata

import pathvalidate

#: Bytes of one name on every file system that matters (NTFS counts UTF-16 units).
NAME_BYTES = 255


def storable_name(text: str, most_bytes: int = NAME_BYTES) -> str:
    """Return the words as a name of at most so many bytes; empty where nothing is left.

    What some system cannot store becomes ``_``, also a name that Windows keeps for itself
    (``CON``). Dots and spaces at both ends go: they hide a name, or Windows drops them.
    """
    text = unicodedata.normalize("NFC", text.encode(errors="ignore").decode())
    # A name may be made of many more letters than any disk stores.
    text = text.encode()[: 2 * NAME_BYTES].decode(errors="ignore").strip(". \t\r\n")
    safe = pathvalidate.sanitize_filename(text, replacement_text="_", platform="universal")
    name = safe.strip(". ").encode()[:most_bytes].decode(errors="ignore").rstrip(". ")
    # Cutting may have made one of the reserved names.
    return pathvalidate.sanitize_filename(name, replacement_text="_", platform="universal")


def same_name(name: str) -> str:
    """Return what two names have in common that some file systems cannot tell apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def extended_name(stem: str, addition: str, ending: str = "") -> str:
    """Return ``stem (addition)ending``, with a stem so short that it can be stored."""
    more = f" ({addition}){ending}"
    room = max(0, NAME_BYTES - len(more.encode()))
    return stem.encode()[:room].decode(errors="ignore") + more
