"""Order the subblocks of a CZI: which make an image, its planes, the levels of its pyramid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isclose, prod
from typing import NamedTuple

from transferapp.model.images import Level
from transferapp.repositories.local.readers.czi_segments import Subblock

#: Scenes, blocks of an experiment and views each make an image.
IMAGE_AXES = ("S", "B", "V")
#: Axes that an image has not are folded into those that it has, as the slower part: phases
#: into times, illuminations into channels, rotations into z. Source: Bio-Formats 7.3.1.
_FOLDED = {"T": "H", "C": "I", "Z": "R"}
#: libCZI leaves tiles out whose scale is further off than this (SingleChannelScalingTile-
#: Accessor.cpp of libCZI 0.6x, "make the pyramid-layer limit a bit smaller").
_SCALE_TOLERANCE = 0.05

#: A directory that spreads its tiles thinner than one in so many is nonsense.
_THINNEST = 10_000

ImageKey = tuple[int, ...]
PlaneKey = tuple[int, ...]


class Box(NamedTuple):
    """A rectangle in full-size pixels; the ends are outside."""

    y: int
    x: int
    y_end: int
    x_end: int


class _Span(NamedTuple):
    first: int
    size: int


class PlaneAxes:
    """Where the planes of one image are counted: times may begin at 5, channels at 1."""

    def __init__(self, subblocks: Sequence[Subblock]) -> None:
        """Take the range of every axis; what lies in between and is missing is black."""
        self._spans = {}
        for axis in (*_FOLDED, *_FOLDED.values()):
            starts = [s.at.get(axis, 0) for s in subblocks]
            self._spans[axis] = _Span(min(starts), max(starts) - min(starts) + 1)

    @property
    def count(self) -> int:
        """Return how many planes there are."""
        return prod(span.size for span in self._spans.values())

    def size(self, axis: str) -> int:
        """Return how many there are, with what is folded into the axis."""
        return self._spans[axis].size * self._spans[_FOLDED[axis]].size

    def coordinates(self, axis: str, index: int) -> dict[str, int]:
        """Return a CZI's own coordinates of the ``index``-th, counted from 0."""
        slow, fast = self._spans[_FOLDED[axis]], self._spans[axis]
        outer, inner = divmod(index, fast.size)
        return {axis: fast.first + inner, _FOLDED[axis]: slow.first + outer}

    def span(self, axis: str) -> tuple[int, int]:
        """Return the first coordinate and the number of them, of the axis alone."""
        return self._spans[axis]


def split_images(subblocks: Sequence[Subblock]) -> dict[ImageKey, list[Subblock]]:
    """Return the subblocks of each image, by its coordinates on ``IMAGE_AXES``, in order."""
    found: dict[ImageKey, list[Subblock]] = defaultdict(list)
    for subblock in subblocks:
        found[tuple(subblock.at.get(axis, 0) for axis in IMAGE_AXES)].append(subblock)
    return {key: found[key] for key in sorted(found) if any(s.is_full_size for s in found[key])}


def is_nonsense(subblocks: Sequence[Subblock]) -> bool:
    """Tell whether broken coordinates would make an image beyond all bounds."""
    box = box_of(subblocks)
    area = (box.y_end - box.y) * (box.x_end - box.x)
    tiles = sum(s.height * s.width for s in subblocks)
    planes = PlaneAxes(subblocks).count
    return area > tiles * _THINNEST or planes > len(subblocks) * _THINNEST


def box_of(subblocks: Sequence[Subblock]) -> Box:
    """Return the rectangle around all of them."""
    return Box(
        min(s.y for s in subblocks),
        min(s.x for s in subblocks),
        max(s.y + s.height for s in subblocks),
        max(s.x + s.width for s in subblocks),
    )


def coarse_planes(subblocks: Sequence[Subblock]) -> dict[PlaneKey, list[Subblock]]:
    """Return the planes of an image that are stored at a smaller size only, each with its
    largest blocks: a channel may have been taken with the camera's pixels joined (binning).
    """
    found: dict[PlaneKey, list[Subblock]] = defaultdict(list)
    for subblock in subblocks:
        found[plane_key(subblock.at)].append(subblock)
    coarse = {}
    for key, blocks in found.items():
        if not any(block.is_full_size for block in blocks):
            least = min(times_smaller(block) for block in blocks)
            coarse[key] = [block for block in blocks if times_smaller(block) == least]
    return coarse


def times_smaller(subblock: Subblock) -> int:
    """Return how many full-size pixels one pixel of a block stands for, across."""
    across = subblock.width / subblock.stored_width
    return max(1, round(across), round(subblock.height / subblock.stored_height))


def plane_key(at: Mapping[str, int]) -> PlaneKey:
    """Return where a plane is on all axes that count planes."""
    return tuple(at.get(axis, 0) for axis in (*_FOLDED, *_FOLDED.values()))


def levels_of(subblocks: Sequence[Subblock], box: Box) -> tuple[Level, ...]:
    """Return the sizes that the file itself holds, each half of the one before."""
    full = [s for s in subblocks if s.is_full_size]
    levels = [Level(box.y_end - box.y, box.x_end - box.x)]
    planes = _by_plane(full)
    while True:
        scale = 2 ** len(levels)
        smaller = _by_plane([s for s in subblocks if _is_scaled(s, scale)])
        if not all(
            plane in smaller and _covers(box_of(smaller[plane]), box_of(tiles), scale)
            for plane, tiles in planes.items()
        ):
            return tuple(levels)
        levels.append(Level(levels[0].size_y // scale, levels[0].size_x // scale))


def _by_plane(
    subblocks: Sequence[Subblock],
) -> dict[tuple[tuple[str, int], ...], list[Subblock]]:
    found = defaultdict(list)
    for subblock in subblocks:
        at = ((axis, start) for axis, start in subblock.at.items() if axis != "M")
        found[tuple(sorted(at))].append(subblock)
    return found


def _is_scaled(subblock: Subblock, scale: int) -> bool:
    return all(
        isclose(stored * scale, size, rel_tol=_SCALE_TOLERANCE)
        for stored, size in (
            (subblock.stored_height, subblock.height),
            (subblock.stored_width, subblock.width),
        )
    )


def _covers(smaller: Box, full: Box, scale: int) -> bool:
    # An edge that does not fill a pixel of the level may be left out.
    return (
        smaller.y <= full.y
        and smaller.x <= full.x
        and smaller.y_end > full.y_end - scale
        and smaller.x_end > full.x_end - scale
    )
