"""One line for a warning that thousands of filesets have in common.

A folder of 5,000 images without their index would be 5,000 lines that differ in a name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

#: So many filesets with the same warning are each named.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class ListedFileset:
    """What is said of a fileset. ``cells``: what filesets that share a line must have alike.
    ``alone``: it shares none, as its name matters (it is refused) or nothing is said of it.
    """

    name: str
    sentence: str
    files: int = 1
    cells: tuple[str, ...] = ()
    alone: bool = False

    @property
    def common(self) -> str:
        """What is said of each fileset of which the same is said."""
        stated = self.sentence.replace(f"'{self.name.rpartition('/')[2]}'", "each")
        return stated[:1].upper() + stated[1:]


def together(lines: Sequence[ListedFileset]) -> list[ListedFileset]:
    """Make one of those that many filesets have in common, in the place of the first."""
    alike = defaultdict[tuple[tuple[str, ...], str], list[ListedFileset]](list)
    keys = [None if line.alone else (line.cells, line.common) for line in lines]
    for line, key in zip(lines, keys, strict=True):
        if key is not None:
            alike[key].append(line)
    found: list[ListedFileset] = []
    for line, key in zip(lines, keys, strict=True):
        some = [line] if key is None else alike[key]
        if len(some) <= _NAMED:
            found.append(line)
        elif some[0] is line:
            name = f"{len(some):,} items, such as {line.name}"
            files = sum(one.files for one in some)
            found.append(replace(line, name=name, sentence=line.common, files=files))
    return found
