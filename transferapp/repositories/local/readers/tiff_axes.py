"""Fold tifffile's axis letters into T, C, Z and the samples inside a page."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

_ROLES = {"T": "T", "C": "C", "Z": "Z"}
#: A letter that says nothing ('I', 'Q', ...) takes the first role that is still free.
_FREE = ("Z", "T", "C")


@dataclass(frozen=True, slots=True)
class PageAxes:
    """The axes outside pages, slowest first: sizes and the role of each."""

    sizes: tuple[int, ...]
    roles: tuple[str, ...]

    @classmethod
    def of(cls, axes: str, shape: tuple[int, ...]) -> PageAxes:
        """Read a series' axes, leaving out those inside a page (Y, X, S)."""
        outside = [(a, n) for a, n in zip(axes, shape, strict=True) if a not in "YXS"]
        taken = {a for a, _ in outside if a in _ROLES}
        roles = []
        for letter, _ in outside:
            role = _ROLES.get(letter) or next((r for r in _FREE if r not in taken), "T")
            taken.add(role)
            roles.append(role)
        return cls(tuple(n for _, n in outside), tuple(roles))

    def size(self, role: str) -> int:
        """Return the size of T, C or Z; axes that share a role multiply."""
        return prod(n for n, r in zip(self.sizes, self.roles, strict=True) if r == role)

    def page(self, t: int, c: int, z: int) -> int:
        """Return the number of the page that holds this plane."""
        left = {"T": t, "C": c, "Z": z}
        index, stride = 0, 1
        for size, role in zip(reversed(self.sizes), reversed(self.roles), strict=True):
            left[role], at = divmod(left[role], size)
            index += at * stride
            stride *= size
        return index
