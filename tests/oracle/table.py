"""The table of ``docs/formats.md``: where we differ from Bio-Formats, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tests.oracle.comparing import Difference

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
HEADING = "## Where we differ from Bio-Formats"
FILESETS_HEADING = "## Where our filesets differ"
#: The one field of the second table, which has no column for it.
FILESETS = "filesets"
_CODE = re.compile(r"`([^`]+)`")
_COLUMNS = 5


@dataclass
class Row:
    """A kind of difference; a difference is of it when each column has a pattern that fits.

    ``files`` are globs over "samples/folder/file", with "!" before those left out. ``ours``
    and ``theirs`` are globs over what was said, or "> 5" for numbers.
    """

    files: tuple[str, ...]
    fields: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    why: str
    #: Which globs and fields a difference has needed.
    used: set[str] = field(default_factory=set)

    def explains(self, file: str, difference: Difference) -> bool:
        """Say whether a difference is of this kind, and remember what it needed."""
        if any(glob[0] == "!" and fnmatchcase(file, glob[1:]) for glob in self.files):
            return False
        globs = {glob for glob in self.files if fnmatchcase(file, glob)}
        fields = {name for name in self.fields if fnmatchcase(difference.field, name)}
        fits = _fits(difference.ours, self.ours) and _fits(difference.theirs, self.theirs)
        if not globs or not fields or not fits:
            return False
        self.used |= globs | fields
        return True

    def unused(self, sources: Iterable[str]) -> list[str]:
        """Return what no difference needed, of what all files of these sources may need."""
        scanned_at = {f"{source}/" for source in sources}
        globs = [glob for glob in self.files if glob[0] != "!"]
        idle = [g for g in globs if g not in self.used and _sources(g) <= scanned_at]
        if all(_sources(glob) <= scanned_at for glob in globs):
            idle += [name for name in self.fields if name not in self.used]
        return idle


#: Where files come from; each is looked at only where it is present.
SOURCES = ("samples", "made", "data", "formats")


def read_table(page: Path = PAGE, heading: str = HEADING) -> list[Row]:
    """Read the rows of one of the page's tables."""
    section = page.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    rows = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if heading == FILESETS_HEADING and len(cells) == _COLUMNS - 1:
            cells.insert(1, FILESETS)
        if len(cells) == _COLUMNS and "`" in cells[0]:
            files, fields, ours, theirs, why = cells
            rows.append(
                Row(
                    tuple(_CODE.findall(files)),
                    tuple(name.strip() for name in fields.split(",")),
                    tuple(_CODE.findall(ours)),
                    tuple(_CODE.findall(theirs)),
                    why,
                )
            )
    return rows


def _sources(glob: str) -> set[str]:
    first = f"{glob.partition('/')[0]}/"
    return {first} if first[:-1] in SOURCES else {f"{source}/" for source in SOURCES}


def _fits(stated: str, patterns: tuple[str, ...]) -> bool:
    return any(
        _is_above(stated, p) if p.startswith("> ") else fnmatchcase(stated, p) for p in patterns
    )


def _is_above(stated: str, pattern: str) -> bool:
    try:
        return float(stated) > float(pattern[2:])
    except ValueError:
        return False
