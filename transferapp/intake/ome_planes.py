"""Say before the import whether an OME-XML tells where all planes of its images are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from transferapp.errors import DamagedFile, MissingCompanion, UnsupportedFile
from transferapp.intake import file_set_texts, omexml
from transferapp.intake.formats import is_tiff_name
from transferapp.intake.integrity import page_count
from transferapp.intake.scanning import FoundFile
from transferapp.intake.tiff_opening import open_tiff
from transferapp.ome.document import OmeDocument, OmeImage
from transferapp.ome.files import OmeFiles
from transferapp.ome.planes import Placed, Wanted, covered, place

#: Bits of NewSubfileType: a smaller copy of another page, a mask.
_COPIES = 1 | 4
#: So many pages that no plane names are looked at: are they images, or smaller copies?
_PAGES_SCANNED_AT = 16

#: Longest time that pages are compared with their images, in seconds.
_PAGES_BUDGET_S = 1.0


class _OutOfTime(Exception):
    """A file has too many pages to count them now."""


def doubt_about_planes(files: Sequence[FoundFile], *, by_name: bool = False) -> str:
    """Say what is worth telling of an OME-TIFF, the file to open first; "" when nothing is.

    ``by_name``: Bio-Formats opens it, which goes by the names of files alone. Raises OSError,
    and DamagedFile, UnsupportedFile and MissingCompanion for what will be refused or wrong.
    """
    first = files[0].path
    is_tiff = is_tiff_name(first.name)
    try:
        document = omexml.read_tiff(first) if is_tiff else omexml.read_xml(first)
    except ValueError:
        return ""  # Grouping has said it.
    if document is None or document.metadata_file or not document.images:
        return ""
    try:
        scan = _Scan(first, document, is_tiff=is_tiff)
        stated = scan.names(by_name=by_name), scan.doubt(alone=len(files) == 1)
        return " ".join(filter(None, stated))
    except (DamagedFile, UnsupportedFile) as error:
        raise type(error)(f"'{first.name}': {error.message}") from error
    except (_OutOfTime, *omexml.DAMAGE) as error:
        omexml.raise_slip(error)
        return ""


class _Scan:
    """One look at the planes of a document."""

    def __init__(self, path: Path, document: OmeDocument, *, is_tiff: bool) -> None:
        self._path, self._own = path, path if is_tiff else None
        self._images = [i for i in document.images if i.has_pixels] or list(document.images)
        self._names = OmeFiles(path, document, is_tiff=is_tiff)
        self._counts: dict[Path, int] = {}

    def names(self, *, by_name: bool) -> str:
        """Tell of files with wrong names; raises MissingCompanion where OMERO needs others."""
        found = self._names.exchanged()
        if found and by_name:
            raise MissingCompanion(file_set_texts.exchanged(found, by_name=True))
        if by_name and (misspelt := self._names.misspelt()):
            raise MissingCompanion(file_set_texts.misspelt(misspelt))
        return file_set_texts.exchanged(found, by_name=False) if found else ""

    def doubt(self, *, alone: bool) -> str:
        """Look at a document's own file, and at others only where planes are missing."""
        if not alone and self._covered():
            return ""
        wanted = [self._wanted(image, self._samples(image)) for image in self._images]
        placed = place(wanted, self._count)
        self._require_alike(placed)
        assumed = [n for n, found in enumerate(placed) if found.assumed]
        lacking = [n for n, found in enumerate(placed) if not found.complete]
        stated = [self._assumed(self._images[n], placed[n]) for n in assumed[:1]]
        stated += [self._black(self._images[n], placed[n], len(lacking)) for n in lacking[:1]]
        if alone and not assumed:
            stated.append(self._left_over(placed))
        return " ".join(filter(None, stated))

    def _require_alike(self, placed: Sequence[Placed[Path]]) -> None:
        """Raise DamagedFile for a page of another size or type than its image has."""
        if self._own is None:
            return
        deadline = time.monotonic() + _PAGES_BUDGET_S
        with open_tiff(self._own) as tiff:
            for image, found in zip(self._images, placed, strict=True):
                numbers = {n for path, n in found.pages.values() if path == self._own}
                first: tuple[object, ...] | None = None
                for number in sorted(n for n in numbers if n < self._count(self._own)):
                    page = tiff.pages[number].aspage()
                    is_of_size = (page.imagelength, page.imagewidth) == (
                        image.sizes["Y"],
                        image.sizes["X"],
                    )
                    kind = page.dtype, page.samplesperpixel
                    if not is_of_size or kind != (first or kind):
                        raise DamagedFile(
                            f"Its page {number + 1} is of another size or pixel type than its"
                            f" image '{image.name or image.id}'. Export it again."
                        )
                    first = kind
                    if time.monotonic() > deadline:
                        return

    def _covered(self) -> bool:
        try:
            return all(covered(self._wanted(i, i.samples)) for i in self._images)
        except UnsupportedFile:
            return False

    def _wanted(self, image: OmeImage, samples: int) -> Wanted[Path]:
        blocks = [(b, found) for b in image.blocks if (found := self._names.of(b)) is not None]
        return Wanted(image.layout(samples), blocks, self._own)

    def _samples(self, image: OmeImage) -> int:
        block = next(iter(image.blocks), None)
        path = self._names.of(block) if block else self._own
        reported = image.sizes["C"] == image.samples == 1 or (
            block is None and len(self._images) > 1
        )
        if path is None or reported:
            return image.samples
        page = block.page if block and block.page < self._count(path) else 0
        with open_tiff(path) as tiff:
            return int(tiff.pages[page].aspage().samplesperpixel)

    def _count(self, path: Path) -> int:
        if path not in self._counts:
            found = page_count(path)
            if found is None:
                raise _OutOfTime
            self._counts[path] = found
        return self._counts[path]

    def _assumed(self, image: OmeImage, placed: Placed[Path]) -> str:
        total, known = placed.layout.planes, len(placed.pages) - placed.assumed
        stated = (
            f"says where {known} of the {total} planes of '{image.name or image.id}' are"
            if known
            else f"does not say clearly where the planes of '{image.name or image.id}' are"
        )
        return (
            f"The OME-XML of '{self._path.name}' {stated}. {'The other' if known else 'Its'}"
            " pages are taken in their order: look at the image after the import, or export it"
            " again."
        )

    def _black(self, image: OmeImage, placed: Placed[Path], count: int) -> str:
        total = placed.layout.planes
        others = f" (and {count - 1:,} more images)" if count > 1 else ""
        return (
            f"The OME-XML of '{self._path.name}' has no page for {total - len(placed.pages)} of"
            f" the {total} planes of '{image.name or image.id}'{others}: they will be black. If"
            " they were taken, export it again."
        )

    def _left_over(self, placed: Sequence[Placed[Path]]) -> str:
        """Look for pages that no plane names, as smaller copies and masks are."""
        named = {page for found in placed for _, page in found.pages.values()}
        count = self._count(self._path)
        if named and max(named) >= count:
            raise DamagedFile(
                f"It has {count} pages, and its OME-XML names page {max(named) + 1}: it was not"
                " copied completely. Copy or export it again."
            )
        free = [page for page in range(count) if page not in named]
        if not free:
            return ""
        with open_tiff(self._path) as tiff:
            scanned_at = [tiff.pages[number] for number in free[:_PAGES_SCANNED_AT]]
            whole = [page for page in scanned_at if not page.aspage().subfiletype & _COPIES]
        if not whole:
            return ""
        verb = "belongs" if len(free) == 1 else "belong"
        return (
            f"{len(free)} of the {count} pages of '{self._path.name}' {verb} to no image that"
            " its OME-XML describes, and will not be shown. Export it again, if they should be."
        )
