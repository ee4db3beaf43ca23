"""Rings of cells round a hollow, as in glands and organoids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transferapp.sandbox.samples.chance import Chance, Light
from transferapp.sandbox.samples.shapes import Blob, patch


@dataclass(frozen=True)
class Ring:
    """A ring of cells; ``middle`` is the line on which their nuclei lie."""

    middle: Blob
    #: From the hollow to the outer side, in pixels.
    thickness: float

    @property
    def outer(self) -> Blob:
        """Where the ring ends."""
        return self.middle.grown(self.middle.radius + self.thickness * 0.4)

    @property
    def inner(self) -> Blob:
        """Where the hollow begins."""
        return self.middle.grown(max(2.0, self.middle.radius - self.thickness * 0.6))

    def nuclei(self, chance: Chance, radius: float, apart: float) -> Iterator[Blob]:
        """Yield the nuclei: long ones that point to the hollow."""
        turned, (cosine, sine) = 0.0, (1.0, 0.0)
        while turned < 6.28 - apart / self.middle.radius * 0.6:
            reach = self.middle.reach(cosine, sine)
            reach += float(chance.normal(1)[0]) * self.thickness * 0.09
            yield Blob(
                self.middle.y + sine * reach,
                self.middle.x + cosine * reach,
                radius * chance.between(0.85, 1.15),
                chance.between(1.3, 1.8),
                (cosine, sine),
                tuple(0.06 * chance.between(-1, 1) for _ in range(6)),
                chance.between(0.75, 1.2),
            )
            half = apart / reach / 2.0 * chance.between(0.85, 1.15)
            # A turn by an angle, from the tangent of its half.
            c, s = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
            cosine, sine = cosine * c - sine * s, sine * c + cosine * s
            turned += 2 * half


def draw_ring(picture: Light, ring: Ring, texture: Light) -> None:
    """Add the bodies of a ring's cells, brighter towards the hollow."""
    area = patch(ring.outer, picture)
    if area is None:
        return
    hollow = area.cover_of(ring.inner, 3.0)
    rim = area.cover_of(ring.inner.grown(ring.inner.radius + ring.thickness * 0.2), 5.0)
    body = (area.cover(4.0) - hollow) * (0.45 + 0.3 * area.of(texture))
    area.of(picture)[...] += body + 0.4 * (rim - hollow)
