"""What a family of file sets tells of itself; ``table`` lists all families."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

#: Makes the set that a file tells of; None when the file is something else after all.
#: Raises OSError when it cannot be read.
Collect = Callable[[FoundFile, Neighbours], FilesetCandidate | None]


@dataclass(frozen=True, slots=True)
class Family:
    """Sets of files of one vendor or program, as Bio-Formats groups them.

    ``opens`` are the ends of names, in small letters, of the file that tells of the set (an
    index, or the first of a pair). ``members`` matches the name of an image file that is
    nothing by itself, so that a lone one can be told; ``index`` is what then is missing, in
    words. ``begins`` tells the file by its first bytes where the name tells nothing.
    ``names_any``: its index may name images that are called anything, so that none beside a
    damaged one is free of doubt.
    """

    name: str
    opens: tuple[str, ...]
    collect: Collect
    members: re.Pattern[str] | None = None
    index: str = ""
    begins: Callable[[bytes], bool] | None = None
    names_any: bool = False

    def reports_of_a_set(self, name: str) -> bool:
        """Say whether a file of this name may tell of a set."""
        return name.lower().endswith(self.opens)

    def is_member(self, client_path: str) -> bool:
        """Say whether a path is that of an image file that belongs to a set."""
        return self.members is not None and self.members.search(client_path) is not None
