"""Where the files of an import lay."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A workstation's name and the full paths of what was dropped there, as it says itself."""

    workstation: str
    folders: tuple[str, ...] = ()
