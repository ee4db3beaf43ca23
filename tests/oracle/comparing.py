"""What differs between two readers' answers for one folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, prod
from pathlib import PurePosixPath

from typing_extensions import override

from tests.oracle.answers import PLANES, FileSetAnswer, FolderAnswer, Picture

#: Lengths that differ by less are the same number, written with fewer digits.
_TOLERANCE = 1e-4
NOTHING = "none"
READ, REFUSED = "read", "refused"


@dataclass(frozen=True)
class Difference:
    """One field of one image; ``file`` is below the folder, ``series`` counts from 0."""

    file: str
    field: str
    ours: str
    theirs: str
    series: int | None = None

    @override
    def __str__(self) -> str:
        where = "" if self.series is None else f", series {self.series}"
        return f"{self.file}{where}: {self.field}: ours {self.ours} | theirs {self.theirs}"


@dataclass
class Count:
    """How much was compared."""

    filesets: int = 0
    pictures: int = 0
    fields: int = 0

    def __iadd__(self, other: Count) -> Count:
        self.filesets += other.filesets
        self.pictures += other.pictures
        self.fields += other.fields
        return self


class Comparison:
    """Compares two answers, and counts."""

    def __init__(self, ours: FolderAnswer, theirs: FolderAnswer) -> None:
        self.count = Count()
        self.differences = list(self._folder(ours, theirs))

    def _folder(self, ours: FolderAnswer, theirs: FolderAnswer) -> Iterator[Difference]:
        pairs = [(mine, _same(mine, theirs.sets)) for mine in ours.sets]
        for mine, other in pairs:
            if mine.refused and other is None:
                continue
            parts = [one for one, two in pairs if two is other and not one.refused]
            if other is not None and not mine.refused and len(parts) > 1:
                # A part of what belongs together there: its images are others.
                self.count.filesets += 1
                self.count.fields += 1
                yield Difference(mine.opened, "files", *_apart(mine.files, other.files))
                continue
            yield from self._set(mine, other)

    def _set(self, mine: FileSetAnswer, other: FileSetAnswer | None) -> Iterator[Difference]:
        self.count.filesets += 1
        self.count.fields += 2
        if mine.refused or other is None:
            sentence = (REFUSED if mine.refused else READ, REFUSED if other is None else READ)
            yield Difference(mine.opened, "opens", *sentence)
            return
        if mine.files != other.files:
            yield Difference(mine.opened, "files", *_apart(mine.files, other.files))
        if len(mine.pictures) != len(other.pictures):
            counts = (str(len(mine.pictures)), str(len(other.pictures)))
            yield Difference(mine.opened, "images", *counts)
        for number, (one, two) in enumerate(zip(mine.pictures, other.pictures, strict=False)):
            self.count.pictures += 1
            for name, left, right in fields(one, two):
                self.count.fields += 1
                if left != right:
                    yield Difference(mine.opened, name, left, right, number)


def fields(mine: Picture, other: Picture) -> Iterator[tuple[str, str, str]]:
    """Yield name and both texts of every field that both pictures have."""
    for axis in "xyzct":
        yield axis, str(mine.sizes[axis]), str(other.sizes[axis])
    yield "type", mine.dtype, other.dtype
    yield "levels", str(mine.levels), str(other.levels)
    for axis, one, two in zip("zyx", mine.pixel_size, other.pixel_size, strict=True):
        left, right = _length(one), _length(two)
        same = isinstance(one, float | int) and isinstance(two, float | int)
        if same and isclose(one, two, rel_tol=_TOLERANCE):  # type: ignore[arg-type]
            right = left
        yield f"pixel size {axis}", left, right
    yield "date", _date(mine), _date(other)
    yield "channel names", _list(mine.names), _list(other.names)
    yield "colours", _list(mine.colours), _list(other.colours)
    for name in _comparable(mine.sizes, other.sizes):
        if name not in mine.planes or name not in other.planes:
            continue
        yield f"{name} plane", mine.planes[name], other.planes[name]


def _same(mine: FileSetAnswer, others: tuple[FileSetAnswer, ...]) -> FileSetAnswer | None:
    """Return the set that shares most files with ours; None when there is none."""
    found = max(others, key=lambda other: _shared(mine, other), default=None)
    return found if found is not None and _shared(mine, found) else None


def _shared(one: FileSetAnswer, two: FileSetAnswer) -> int:
    # A copy of a file of a set opens as the set, without being one of its files.
    return len(one.files & (two.files | {two.opened}))


def _apart(mine: frozenset[str], other: frozenset[str]) -> tuple[str, str]:
    """Return what each has that the other has not."""
    texts = []
    for left in (mine - other, other - mine):
        names = sorted(PurePosixPath(path).name for path in left)
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        texts.append(" ".join(names[:2]) + more if names else "no more")
    return texts[0], texts[1]


def _comparable(mine: dict[str, int], other: dict[str, int]) -> tuple[str, ...]:
    """Return the planes that mean the same in both: all, or the ends of both stacks."""
    if mine == other:
        return tuple(PLANES)
    # The same planes under other names, such as z for t.
    if mine["c"] == other["c"] and (mine["z"], mine["t"]) == (other["t"], other["z"]):
        return "first", "last", "middle"
    counts = {prod(one[axis] for axis in "zct") for one in (mine, other)}
    return ("first", "last") if len(counts) == 1 else ("first",)


def _length(length: float | str | None) -> str:
    if length is None:
        return NOTHING
    return length if isinstance(length, str) else f"{length:.6g}"


def _date(picture: Picture) -> str:
    return NOTHING if picture.date is None else f"{picture.date:%Y-%m-%d %H:%M:%S}"


def _list(sentence: tuple[str | None, ...]) -> str:
    return ", ".join(term or "-" for term in sentence) if any(sentence) else NOTHING
