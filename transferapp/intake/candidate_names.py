"""Order the names of filesets as people do, and tell equal ones apart by their folders."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from operator import lt
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
    inside: dict[str, tuple[list[str], list[int]]] = {}
    for number, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        if folder not in inside:
            inside[folder] = [], []
        names, numbers = inside[folder]
        names.append(name)
        numbers.append(number)
    below = _folders_below(inside)
    found: list[int] = []
    pending: list[str | int] = [""]
    while pending:
        folder_or_number = pending.pop()
        if isinstance(folder_or_number, int):
            found.append(folder_or_number)
            continue
        folder = folder_or_number
        names, numbers = inside.get(folder, ([], []))
        folders = below.get(folder, ())
        if not folders:
            found += [numbers[place] for place in _order_in_a_folder(names)]
            continue
        front = f"{folder}/" if folder else ""
        names += [f"{name}/" for name in folders]
        entries: list[str | int] = [*numbers, *(front + name for name in folders)]
        pending += [entries[place] for place in reversed(_order_in_a_folder(names))]
    return found


def _folders_below(folders: Iterable[str]) -> dict[str, dict[str, None]]:
    """Return the names of the folders in each folder, from the paths of some."""
    below: dict[str, dict[str, None]] = defaultdict(dict)
    for path in folders:
        folder = path
        while folder:
            above, _, name = folder.rpartition("/")
            if name in below[above]:
                break
            below[above][name] = None
            folder = above
    return below


def _order_in_a_folder(names: Sequence[str]) -> Sequence[int]:
    """Return the order of names that lie in one folder."""
    text = "\n".join(names)
    low = text.casefold()
    if low.count("\n") == len(names) - 1 and _text_reports_the_order(low):
        keys: Sequence[tuple[str, str] | str] = names
        if low != text:
            keys = list(zip(low.split("\n"), names, strict=True))
        if all(map(lt, keys, islice(keys, 1, None))):
            return range(len(names))
        return sorted(range(len(names)), key=keys.__getitem__)
    # The slash that stands before a name is a part of its first text.
    return sorted(range(len(names)), key=lambda place: natural_key(f"/{names[place]}"))


def _text_reports_the_order(names: str) -> bool:
    """Whether numbers stand at the same places and are as long in all lines, as far as they
    are alike: then the order of the texts is the natural one.
    """
    raw = names.encode("utf-8", "surrogateescape").translate(_ALIKE)
    shapes = sorted(set(raw.split(b"\n")))
    if len(shapes) > _MOST_SHAPES:
        return False
    for one, other in pairwise(shapes):
        differ = next(((a, b) for a, b in zip(one, other, strict=False) if a != b), None)
        if differ is None or _ZERO in differ:
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
    reported: dict[tuple[Path | str | None, ...], list[tuple[str, ...]]] = {}
    for name, numbers in alike.items():
        if len(numbers) > 1:
            folders = tuple(placed[number][1] for number in numbers)
            if folders not in reported:  # Wells of a plate hold files of the same names.
                reported[folders] = _shortest([_parts(folder) for folder in folders])
            for number, front in zip(numbers, reported[folders], strict=True):
                names[number] = "/".join((*front, name))
    return names


def _parts(folder: Path | str | None) -> tuple[str, ...]:
    return Path(folder).parts[1:] if folder else ()


def _shortest(folders: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return of each path the fewest last parts that no other path ends with too."""
    found = list(folders)
    rest, length = list(range(len(folders))), 1
    while rest:
        ends = {number: folders[number][-length:] for number in rest}
        counts = Counter(end for end in ends.values() if len(end) == length)
        for number, end in ends.items():
            if counts[end] == 1:
                found[number] = end
        rest = [number for number, end in ends.items() if counts[end] > 1]
        length += 1
    return found
