"""What an import is called, and where its files go, as the server has it.

Source: ome/omero-blitz bcd12676, ``PixelsProcessor``, ``PlateProcessor`` and
``ManagedRepositoryI.commonRoot``, ``trimPaths``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import omero

from transferapp.formats.omero_path_rules import PathRules, parts_of

#: So many folders above the least deep file are kept, if there are more.
_KEPT_FOLDERS = 3
_MOST_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class ImportNames:
    """What the images and plates of one import are called."""

    #: What the client asked for; "" where it asked for nothing.
    stated: str
    #: The name of the file that is opened.
    file: str
    #: How many images that file makes.
    count: int

    def image(self, series: int, own: str) -> str:
        """Return the name of an image, ``own`` in its file; ``series`` counts from 0."""
        name = self.stated.strip() or self.file
        if self.count > 1:
            name += f" [{own.strip() or series}]"
        if len(name) > _MOST_CHARACTERS:
            name = "…" + name[1 - _MOST_CHARACTERS :]
        return name

    def plate(self, own: str) -> str:
        """Return the name of a plate: all of one import get what the client asked for."""
        return self.stated or own or "Plate"


def placed(client_paths: Sequence[str], rules: PathRules) -> tuple[str, list[str]]:
    """Return the folder that an import's files share, and their paths below it."""
    paths = [parts_of(path) for path in client_paths]
    base = _common(paths)
    trimmed = min(map(len, paths)) - _KEPT_FOLDERS - 1
    if trimmed > len(base):
        # The server cuts more off than the files have in common, and falls over it.
        text = f"fromIndex({trimmed}) > toIndex({len(base)})"
        raise omero.InternalException(None, "java.lang.IllegalArgumentException", text)
    start = max(0, trimmed)
    return (
        rules.safe_path("/".join(base[start:])),
        [rules.safe_path("/".join(path[len(base) :])) for path in paths],
    )


def _common(paths: list[list[str]]) -> list[str]:
    found = []
    for parts in zip(*(path[:-1] for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        found.append(parts[0])
    return found
