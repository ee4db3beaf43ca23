"""How a pyramid is divided: levels that halve, and shards that are worked on as a whole.

A shard is a square of ``EDGE`` pixels of one plane, or of several planes where these are
small. A shard of a level is made of four shards of the level below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from types import EllipsisType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transferapp.conversion.cut_image import CutImage

#: Pixels of a shard's edge. Even, so that halves of shards never share a pixel.
EDGE = 2048
#: The last level is the first one with no longer edge than this.
SMALLEST = 512
#: Planes in one shard, at most: each of them is a chunk or more in its index.
_MOST_PLANES = 1024

#: Sizes or places, of t, c, z, y, x.
Five = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a level: where it begins there, and its size, in planes and pixels."""

    level: int
    start: Five
    shape: Five

    @property
    def region(self) -> tuple[slice, ...]:
        """What it is of the level's array."""
        pairs = zip(self.start, self.shape, strict=True)
        return tuple(slice(first, first + size) for first, size in pairs)


class Pyramid:
    """The levels of an image of this shape, and their shards."""

    def __init__(self, shape: Five) -> None:
        """Halve ``shape`` (t, c, z, y, x) as often as it takes."""
        shapes = [shape]
        while max(shapes[-1][3:]) > SMALLEST:
            *planes, y, x = shapes[-1]
            shapes.append((planes[0], planes[1], planes[2], (y + 1) // 2, (x + 1) // 2))
        self.shapes = tuple(shapes)
        self.steps: Five = (*_planes_together(shape), EDGE, EDGE)

    def shards(self, level: int) -> Iterator[Shard]:
        """Yield the shards of a level, row by row."""
        axes = zip(self.shapes[level], self.steps, strict=True)
        for start in product(*(range(0, size, step) for size, step in axes)):
            yield self._shard(level, start)

    def in_order(self, roots: Iterable[Shard] = (), base: int = 0) -> Iterator[Shard]:
        """Yield the shards of level ``base`` that ``roots`` are made of (by default all), so
        that those that make one of a higher level are near each other: at any time each level
        has only a few shards that are begun.
        """
        for shard in roots or self.shards(len(self.shapes) - 1):
            yield from self._below(shard, base)

    def full_size(self, shard: Shard) -> int:
        """Count the pixels of level 0 that a shard is made of."""
        step = 1 << shard.level
        y, x = (
            min((first + size) * step, full) - first * step
            for first, size, full in zip(
                shard.start[3:], shard.shape[3:], self.shapes[0][3:], strict=True
            )
        )
        return prod(shard.shape[:3]) * y * x

    def portions(self, most_pixels: int) -> list[tuple[Shard, ...]]:
        """Divide level 0 and some of those above: each portion is some shards of one level
        with all that these are made of, at most ``most_pixels`` of level 0 unless a single
        shard has more.
        """
        level = 0
        pixels = prod(self.steps)
        while level + 1 < len(self.shapes) and 4 * pixels <= most_pixels:
            level, pixels = level + 1, 4 * pixels
        portions: list[tuple[Shard, ...]] = []
        held = most_pixels
        for shard in self.shards(level):
            size = self.full_size(shard)
            if held + size > most_pixels:
                portions.append(())
                held = 0
            portions[-1] += (shard,)
            held += size
        return portions

    def above(self, shard: Shard) -> Shard | None:
        """Return the shard of the next level that this one becomes a quarter of."""
        if shard.level + 1 == len(self.shapes):
            return None
        t, c, z, y, x = shard.start
        y, x = (place // 2 // EDGE * EDGE for place in (y, x))
        return self._shard(shard.level + 1, (t, c, z, y, x))

    def quarter(self, shard: Shard, above: Shard) -> tuple[EllipsisType, slice, slice]:
        """Return where the halves of a shard are in the one above it."""
        y, x = (shard.start[axis] // 2 - above.start[axis] for axis in (3, 4))
        height, width = ((shard.shape[axis] + 1) // 2 for axis in (3, 4))
        return (..., slice(y, y + height), slice(x, x + width))

    def below(self, shard: Shard) -> Iterator[Shard]:
        """Yield the shards that a shard is made of: up to four, none of one of level 0."""
        if shard.level == 0:
            return
        t, c, z, y, x = shard.start
        _, _, _, size_y, size_x = self.shapes[shard.level - 1]
        for down, across in product((0, EDGE), (0, EDGE)):
            if 2 * y + down < size_y and 2 * x + across < size_x:
                yield self._shard(shard.level - 1, (t, c, z, 2 * y + down, 2 * x + across))

    def _below(self, shard: Shard, base: int) -> Iterator[Shard]:
        if shard.level == base:
            yield shard
            return
        for one in self.below(shard):
            yield from self._below(one, base)

    def _shard(self, level: int, start: tuple[int, ...]) -> Shard:
        t, c, z, y, x = (
            min(step, size - first)
            for first, size, step in zip(start, self.shapes[level], self.steps, strict=True)
        )
        return Shard(level, (start[0], start[1], start[2], start[3], start[4]), (t, c, z, y, x))


def pyramid_of(image: CutImage) -> Pyramid:
    """Return the pyramid of an image's pixels."""
    return Pyramid((image.size_t, image.size_c, image.size_z, image.size_y, image.size_x))


def _planes_together(shape: Five) -> tuple[int, int, int]:
    """Return how many time points, channels and planes a shard holds: of large planes one."""
    pixels = min(shape[3], EDGE) * min(shape[4], EDGE)
    room = min(max(1, EDGE * EDGE // pixels), _MOST_PLANES)
    z = min(shape[2], room)
    c = min(shape[1], room // z) if z == shape[2] else 1
    t = min(shape[0], room // (z * c)) if c == shape[1] and z == shape[2] else 1
    return t, c, z
