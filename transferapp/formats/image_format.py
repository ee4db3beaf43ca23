"""A format, as the programs here recognise it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format by its suffixes and first bytes.

    ``magic``, at ``magic_at``, is the mark of its files; not all have one where it is not
    ``mark_needed``.
    ``needs_readers``: the server must have the ``readers`` extra installed for it.
    ``by_content``: it is read whatever its files are called; other formats need their suffix.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...]
    needs_readers: bool = False
    magic_at: int = 0
    mark_needed: bool = True
    by_content: bool = False

    def begins(self, start: bytes) -> bool:
        """Say whether a file that starts like this has the format's mark."""
        return bool(self.magic) and start.startswith(self.magic, self.magic_at)
