"""Fold tifffile's axis letters into T, C, Z, and find the page and sample of each plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from transferapp.errors import UnsupportedFile

_ROLES = frozenset("TCZ")
#: A letter that says nothing ('I', 'Q', ...) takes the first role that is still free.
_FREE = ("Z", "T", "C")
_Axis = tuple[str, int]


@dataclass(frozen=True, slots=True)
class PageAxes:
    """The axes beside the two of a plane, slowest first: sizes and the role of each.

    The last of them may lie inside a page, as its samples; ``inside`` is how many planes a
    page holds.
    """

    sizes: tuple[int, ...]
    roles: tuple[str, ...]
    inside: int = 1

    @classmethod
    def of(
        cls, axes: str, shape: Sequence[int], shaped: Sequence[int], colours: int = 0
    ) -> PageAxes:
        """Read a series' axes.

        ``shaped`` is what a page stores: (separate samples, depth, height, width, interleaved
        samples), whatever letters tifffile gives them. ``colours`` is how many channels the
        samples are when they are light or ink, else 0. Raises UnsupportedFile for axes that do
        not hold such pages.
        """
        outer, inner = _split(list(zip(axes, shape, strict=True)), shaped)
        if colours:
            inner = [("C", colours)]
        taken = {letter for letter, _ in outer + inner if letter in _ROLES}
        roles = []
        for letter, _ in outer:
            free = next((role for role in _FREE if role not in taken), "T")
            roles.append(letter if letter in _ROLES else free)
            taken.add(roles[-1])
        # Samples without a name are channels.
        roles += [letter if letter in _ROLES else "C" for letter, _ in inner]
        sizes = tuple(n for _, n in outer + inner)
        return cls(sizes, tuple(roles), prod(n for _, n in inner))

    @property
    def pages(self) -> int:
        """How many pages the axes need."""
        return prod(self.sizes) // self.inside

    def size(self, role: str) -> int:
        """Return the size of T, C or Z; axes that share a role multiply."""
        return prod(n for n, r in zip(self.sizes, self.roles, strict=True) if r == role)

    def plane(self, t: int, c: int, z: int) -> tuple[int, int]:
        """Return the number of the page that holds this plane, and the plane's within it."""
        left = {"T": t, "C": c, "Z": z}
        index, stride = 0, 1
        for size, role in zip(reversed(self.sizes), reversed(self.roles), strict=True):
            left[role], at = divmod(left[role], size)
            index += at * stride
            stride *= size
        return divmod(index, self.inside)


def _split(axes: list[_Axis], shaped: Sequence[int]) -> tuple[list[_Axis], list[_Axis]]:
    """Return the axes of pages and those of samples, without the two of the plane."""
    separate, _, height, width, contig = shaped
    if contig == 1 and axes[-1] == ("S", 1):
        axes = axes[:-1]
    outer, interleaved = _taken_off(axes, contig)
    outer, plane = outer[:-2], outer[-2:]
    if [n for _, n in plane] != [height, width]:
        raise _unknown_order()
    outer, planar = _taken_off(outer, separate)
    return outer, planar + interleaved


def _taken_off(axes: list[_Axis], samples: int) -> tuple[list[_Axis], list[_Axis]]:
    """Part the fastest axes that hold ``samples`` numbers together from the others."""
    first = len(axes)
    while first and prod(n for _, n in axes[first:]) < samples:
        first -= 1
    if prod(n for _, n in axes[first:]) != samples:
        raise _unknown_order()
    return axes[:first], axes[first:]


def _unknown_order() -> UnsupportedFile:
    return UnsupportedFile(
        "Its planes are ordered in a way that cannot be read. Export it as OME-TIFF."
    )
