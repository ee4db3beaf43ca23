"""Order the names of filesets as people do, and tell equal ones apart by their folders."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path


#: Digits, all of which are taken as the same one where only their places count.
_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_ZERO = ord("0")
#: So many kinds of names in a folder are compared with each other.
_MOST_SHAPES = 32


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``t2`` before ``t10``."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return (
        *((1, int(p), p) if p[0] in "0123456789" else (0, 0, p) for p in parts if p),
        (0, 0, text),
    )


def in_natural_order(paths: Sequence[str]) -> list[int]:
    """Return the numbers of '/'-separated paths, ordered by ``natural_key``: folder by folder,
    as the keys of 100,000 paths take longer to make and compare than the files to read.
    """
    names: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        names[folder].append((name, number))
    below: dict[str, dict[str, None]] = defaultdict(dict)
    for folder in list(names):
        while folder:
            above, _, name = folder.rpartition("/")
            if name in below[above]:
                break
            below[above][name] = None
            folder = above
    found: list[int] = []
    pending: list[tuple[str, int]] = [("", -1)]
    while pending:
        path, number = pending.pop()
        if number >= 0:
            found.append(number)
            continue
        front = f"{path}/" if path else ""
        inside = [(f"{name}/", -1) for name in below.get(path, ())]
        inside = _sorted_names([*names.get(path, ()), *inside])
        pending += [
            (name, number) if number >= 0 else (front + name[:-1], -1)
            for name, number in reversed(inside)
        ]
    return found


def _sorted_names(names: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Sort the names of one folder, with their numbers."""
    plain = [(name.casefold(), name, number) for name, number in names]
    if _text_tells_the_order({low.encode("utf-8", "surrogateescape") for low, _, _ in plain}):
        plain.sort()
        return [(name, number) for _, name, number in plain]
    # The slash that stands before a name is a part of its first text.
    return sorted(names, key=lambda one: natural_key(f"/{one[0]}"))


def _text_tells_the_order(names: set[bytes]) -> bool:
    """Whether numbers stand at the same places and are as long in names, as far as they are
    alike: then the order of the texts is the natural one.
    """
    shapes = sorted({name.translate(_ALIKE) for name in names})
    if len(shapes) > _MOST_SHAPES:
        return False
    for one, other in zip(shapes, shapes[1:], strict=False):
        differ = ((a, b) for a, b in zip(one, other, strict=False) if a != b)
        if _ZERO in next(differ, (_ZERO,)):
            return False
    return True


def distinct_names(placed: Sequence[tuple[str, Path | str | None]]) -> list[str]:
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
    told: dict[tuple[Path | str | None, ...], list[tuple[str, ...]]] = {}
    for name, numbers in alike.items():
        if len(numbers) > 1:
            folders = tuple(placed[number][1] for number in numbers)
            if folders not in told:  # Wells of a plate hold files of the same names.
                told[folders] = _shortest([_parts(folder) for folder in folders])
            for number, front in zip(numbers, told[folders], strict=True):
                names[number] = "/".join((*front, name))
    return names


def _parts(folder: Path | str | None) -> tuple[str, ...]:
    return Path(folder).parts[1:] if folder else ()


def _shortest(folders: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return of each path the fewest last parts that no other path ends with too."""
    found = list(folders)
    rest, length = range(len(folders)), 1
    while rest:
        ends = {number: folders[number][-length:] for number in rest}
        counts = Counter(end for end in ends.values() if len(end) == length)
        for number, end in ends.items():
            if counts[end] == 1:
                found[number] = end
        rest = [number for number, end in ends.items() if counts[end] > 1]
        length += 1
    return found
