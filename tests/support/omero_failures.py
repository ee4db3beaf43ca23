"""The table of docs/omero.md that says what each failure of an import in OMERO means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

_PAGE = Path(__file__).parents[2] / "docs" / "omero.md"
_ROW = re.compile(
    r"^\| `(?P<name>[a-z-]+)` \| (?P<thrown>[^|]+)"
    r" \| `(?P<code>[a-z-]+)` \| (?P<again>yes|no) \|$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Failure:
    """One row."""

    name: str
    #: The exception, then its cause: class and message.
    thrown: tuple[tuple[str, str], ...]
    code: str
    again: bool

    @override
    def __str__(self) -> str:
        """Name the test."""
        return "-".join([self.name, *(cls.rpartition(".")[2] for cls, _ in self.thrown)])


def failures() -> list[Failure]:
    """Read the table."""
    return [
        Failure(row["name"], _thrown(row["thrown"]), row["code"], row["again"] == "yes")
        for row in _ROW.finditer(_PAGE.read_text(encoding="utf-8"))
    ]


def _thrown(cell: str) -> tuple[tuple[str, str], ...]:
    if cell == "none":
        return ()
    parts = (part.strip(" `").partition(": ") for part in cell.split(" < "))
    return tuple((cls, message) for cls, _, message in parts)
