"""In which page of which file each plane of an OME-TIFF lies.

As the schema (2016-06) says it, and where TiffData says too little, as Bio-Formats 7.3.1
reads it: an image without TiffData takes the pages in order, and planes that no TiffData
places take the pages that follow a block and that no block names. ``assumed`` counts those:
whoever can tell a person, does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from transferapp.errors import DamagedFile
from transferapp.ome.document import Layout, PlaneBlock

F = TypeVar("F", bound=Hashable)
PageCount = Callable[[F], int]


@dataclass(frozen=True, slots=True)
class Wanted(Generic[F]):
    """An image whose planes are looked for: its layout, and its blocks with their files.

    ``own`` is the file whose pages an image without blocks takes.
    """

    layout: Layout
    blocks: Sequence[tuple[PlaneBlock, F]]
    own: F | None


@dataclass(slots=True)
class Placed(Generic[F]):
    """File and page of each plane by its number; a plane that is not in it has no page."""

    layout: Layout
    pages: dict[int, tuple[F, int]] = field(default_factory=dict)
    #: Planes that took a page which no TiffData names.
    assumed: int = 0

    def page(self, z: int, c: int, t: int) -> tuple[F, int] | None:
        """Return where a plane lies; None when it was never acquired."""
        number = self.layout.number(z, c, t)
        return None if number is None else self.pages.get(number)

    @property
    def complete(self) -> bool:
        """Whether every plane has a page."""
        return len(self.pages) == self.layout.planes


def place(wanted: Sequence[Wanted[F]], count: PageCount[F]) -> list[Placed[F]]:
    """Find the planes of all images of a document; ``count`` tells the pages of a file.

    Raises DamagedFile when pages are missing that must be there, and what ``count`` raises.
    """
    drafts = [_Draft(image, count) for image in wanted]
    lacking = [draft for draft in drafts if not draft.placed.complete]
    taken: dict[F, set[int]] = defaultdict(set)
    for draft in drafts if lacking else ():
        for file, page in draft.placed.pages.values():
            taken[file].add(page)
    for draft in lacking:
        draft.fill(taken, alone=len(drafts) == 1)
    return [draft.placed for draft in drafts]


def covered(image: Wanted[F]) -> bool:
    """Say from its blocks alone whether TiffData may place every plane."""
    placed = set[int]()
    for block, _ in image.blocks:
        if block.count is None:
            return True
        start = image.layout.number(*block.first)
        if start is not None:
            placed.update(range(start, min(start + block.count, image.layout.planes)))
    return len(placed) == image.layout.planes


class _Draft(Generic[F]):
    """One image on its way to its pages."""

    def __init__(self, image: Wanted[F], count: PageCount[F]) -> None:
        self.placed = Placed[F](image.layout)
        self._image, self._count = image, count
        #: Blocks contradict each other or the image's size.
        self._odd = False
        for block, file in image.blocks:
            self._as_written(block, file)

    def fill(self, taken: dict[F, set[int]], *, alone: bool) -> None:
        """Give the planes that are left the pages that nobody names, as far as both last."""
        before = dict(self.placed.pages)
        if not self._image.blocks:
            if self._image.own is not None:
                self._all_in_order(self._image.own, taken[self._image.own])
            return
        files = {file for _, file in self._image.blocks}
        if self._odd and alone and len(files) == 1:
            [file] = files
            if self._count(file) >= self._image.layout.planes:
                self.placed.pages = {
                    number: (file, number) for number in range(self._image.layout.planes)
                }
        else:
            for block, file in self._image.blocks:
                self._go_on(block, file, taken[file])
        pages = self.placed.pages
        self.placed.assumed = sum(1 for n, page in pages.items() if before.get(n) != page)

    def _as_written(self, block: PlaneBlock, file: F) -> None:
        layout, pages = self._image.layout, self.placed.pages
        start = layout.number(*block.first)
        if start is None:
            self._odd = True
            return
        wanted = self._count(file) - block.page if block.count is None else block.count
        self._odd = self._odd or start + wanted > layout.planes
        for step in range(min(wanted, layout.planes - start)):
            page = file, block.page + step
            self._odd = self._odd or pages.get(start + step, page) != page
            pages[start + step] = page

    def _all_in_order(self, own: F, taken: set[int]) -> None:
        planes, pages = self._image.layout.planes, self.placed.pages
        free = (page for page in range(self._count(own)) if page not in taken)
        pages.update(
            (number, (own, page)) for number, page in zip(range(planes), free, strict=False)
        )
        if not self.placed.complete:
            raise DamagedFile(
                f"There are pages for {len(pages)} of the {planes} planes that its OME-XML"
                " describes: it was not copied completely."
            )
        taken.update(page for _, page in pages.values())

    def _go_on(self, block: PlaneBlock, file: F, taken: set[int]) -> None:
        """Let the planes after a block take the pages after it."""
        pages, planes = self.placed.pages, self._image.layout.planes
        start, step = self._image.layout.number(*block.first), block.count
        if start is None or step is None:
            return
        number, page, end = start + step, block.page + step, self._count(file)
        while number < planes and number not in pages and page < end and page not in taken:
            pages[number] = file, page
            taken.add(page)
            number, page = number + 1, page + 1
