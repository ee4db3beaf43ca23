"""A format, as the programs here recognise it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format by its suffixes and first bytes.

    ``needs_readers``: the server must have the ``readers`` extra installed for it.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...]
    needs_readers: bool = False
