"""Order the names of filesets as people do, and tell equal ones apart by their folders."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``t2`` before ``t10``."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return (
        *((1, int(p), p) if p[0] in "0123456789" else (0, 0, p) for p in parts if p),
        (0, 0, text),
    )


def distinct_names(placed: Sequence[tuple[str, Path | None]]) -> list[str]:
    """Name filesets, given as their names and folders; equal names get in front the nearest
    folders that tell them apart.

    ``img.tif`` of two folders: ``ctrl/img.tif`` and ``treated/img.tif``; where those folders
    have one name too, the next ones come in front as well. A name that was made so before is
    made anew.
    """
    plain = [name.rpartition("/")[2] for name, _ in placed]
    alike: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(plain):
        alike[name].append(number)
    names = list(plain)
    for name, numbers in alike.items():
        if len(numbers) > 1:
            folders = [_parts(placed[number][1]) for number in numbers]
            for number, front in zip(numbers, _shortest(folders), strict=True):
                names[number] = "/".join((*front, name))
    return names


def _parts(folder: Path | None) -> tuple[str, ...]:
    return folder.parts[1:] if folder is not None else ()


def _shortest(folders: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield of each path the fewest last parts that no other path ends with too."""
    ends = Counter(end for path in folders for end in _ends(path))
    for path in folders:
        yield next((end for end in _ends(path) if ends[end] == 1), path)


def _ends(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (path[-length:] for length in range(1, len(path) + 1))
