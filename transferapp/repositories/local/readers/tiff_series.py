"""Which pages of a TIFF are images of their own, and which are levels of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

from transferapp.errors import DamagedFile
from transferapp.repositories.local.readers.tiff_stored import (
    Meaning,
    Page,
    StoredPages,
    meaning_of,
)

#: What tifffile calls files of which it knows no more than their pages.
_PLAIN = frozenset({"generic", "uniform"})
#: Kinds whose levels tifffile guesses by size; the others' are known from their vendors.
_GUESSED = _PLAIN | {"shaped"}
#: Descriptions that any program may have left in a file; its pages count for more.
_TEXT = frozenset({"shaped", "imagej", "scanimage", "nih"})
#: What tifffile 2026.3 asks a file for, before it takes it for a plain one.
_KINDS = (
    "shaped", "lsm", "mmstack", "ome", "imagej", "ndtiff", "fluoview", "stk", "sis", "svs",
    "scn", "qpi", "ndpi", "bif", "avs", "eer", "philips", "scanimage", "nih", "mdgel",
)  # fmt: skip
#: A smaller copy than this, seen from the level above, is a thumbnail.
_LARGEST_STEP = 8


@dataclass(frozen=True, slots=True)
class PageStack:
    """Pages of one meaning, of which each has its own tags; reads like a TiffPageSeries."""

    pages: Sequence[Page]
    #: tifffile's own may leave out pages that lie behind each other: here, none is.
    dataoffset: None = None
    kind: str = "generic"
    name: str = ""

    @property
    def keyframe(self) -> TiffPage:
        """The page whose tags describe the image."""
        return cast("TiffPage", self.pages[0].keyframe)

    @property
    def axes(self) -> str:
        """Letters as tifffile's; 'I' says nothing."""
        return f"I{self.keyframe.axes}"

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis."""
        return (len(self.pages), *self.keyframe.shape)

    @property
    def dtype(self) -> Any:
        """The type of the first page's pixels."""
        return self.keyframe.dtype


Series: TypeAlias = TiffPageSeries | PageStack
Levels = list[Series]


def images_of(tif: TiffFile) -> list[Levels]:
    """Return the images of a file, each with its levels from full size down.

    In a plain TIFF only SubIFDs and the tag NewSubfileType make a page a smaller copy of
    another: a second page of half the size is an image. Thumbnails are none. Each page is
    read by its own tags; raises DamagedFile where those belie a vendor's description.
    """
    stored = StoredPages(tif)
    described = [kind for kind in _KINDS if getattr(tif, f"is_{kind}")]
    only_text = _TEXT.issuperset(described)
    if only_text and not (described and _holds(tif, stored, described)):
        return _grouped(_stacks(stored))
    if all(series.kind in _PLAIN for series in tif.series):
        return _grouped(_stacks(stored))
    for level in (level for series in tif.series for level in series.levels):
        if not only_text:
            _require_alike(level)
    if all(series.kind in _GUESSED for series in tif.series):
        return _grouped([level for series in tif.series for level in series.levels])
    return [list(series.levels) for series in tif.series if not _is_thumbnail(series)]


def _is_thumbnail(series: TiffPageSeries) -> bool:
    # Beside every plane of an LSM lies a small copy of it.
    small_copy = series.kind == "lsm" and _key(series).is_reduced
    return series.name == "Thumbnail" or small_copy


def _stacks(stored: StoredPages) -> list[Series]:
    """Put pages of one meaning together, in the order of the file."""
    stacks: dict[Meaning, list[Page]] = {}
    # A page of SubIFDs may be stored as a main one is.
    known: dict[tuple[TiffPage, bool], Meaning] = {}
    for page in stored.pages():
        key: Any = page.keyframe
        if not key.shape:
            continue
        kind = key, page.is_subifd
        if kind not in known:
            known[kind] = meaning_of(page)
        stacks.setdefault(known[kind], []).append(page)
    return [PageStack(pages) for pages in stacks.values()]


def _holds(tif: TiffFile, stored: StoredPages, described: list[str]) -> bool:
    """Tell whether all pages are what a description says of them."""
    chain = stored.chain()
    if described != ["shaped"]:
        return len(set(chain)) == 1
    try:
        levels = [level for series in tif.series for level in series.levels]
    except RuntimeError:
        return False  # tifffile's "incompatible keyframe"
    for level in levels:
        key = _key(level)
        if key.is_subifd:
            hows = [stored.how(page.offset) for page in _described(level)]
        else:
            # Not the pages themselves: where one describes all bytes, reading them takes long.
            hows = chain[key.index : key.index + len(level)]
        if len(set(hows)) > 1:
            return False
    return True


def _described(series: TiffPageSeries) -> Iterator[Page]:
    """Yield the pages that have a directory, also those that tifffile did not look at."""
    for number in range(len(series)):
        try:
            page = series[number]
        except IndexError:
            return  # one page describes the bytes of all
        # Of SubIFDs whose bytes follow each other, tifffile hands out the main pages.
        astray = page is None or page.is_subifd != _key(series).is_subifd
        if page is not None and not astray and not page.is_virtual:
            yield page


def _require_alike(series: TiffPageSeries) -> None:
    """Raise DamagedFile unless every page is what the first page of its series is."""
    key = _key(series)
    how, meaning = None, None
    for page in _described(series):
        if page is key:
            continue
        if isinstance(page, TiffFrame):
            how = how or StoredPages(key.parent).how(key.offset)
            # Of other files of a set, tifffile knows the pages too.
            same = StoredPages(page.parent).how(page.offset) == how
        else:
            meaning = meaning or meaning_of(key)
            same = meaning_of(page) == meaning
        if not same:
            raise DamagedFile(
                f"Its page {page.index + 1} is stored otherwise than its metadata says. Export"
                " it as OME-TIFF, then import that."
            )


def _grouped(found: list[Series]) -> list[Levels]:
    images: list[Levels] = []
    copies: list[Levels] = []
    for series in sorted(found, key=lambda one: _key(one).treeindex):
        key = _key(series)
        above = _above(key, images)
        if above is not None and _is_level(series, above[-1]):
            above.append(series)
        else:
            # A small copy that fits nowhere is a thumbnail, unless there is nothing else.
            (copies if key.is_reduced else images).append([series])
    return images or copies


def _above(key: TiffPage, images: list[Levels]) -> Levels | None:
    """Return the image that a page says it is a smaller copy of."""
    if key.is_subifd:
        parent = key.treeindex[0]
        return next((i for i in images if _key(i[0]).treeindex == (parent,)), None)
    return images[-1] if images and key.is_reduced else None


def _is_level(series: Series, above: Series) -> bool:
    """Tell whether a series holds the same planes as the level above, only smaller."""
    key, larger = _key(series), _key(above)
    separate, depth, height, width, contig = key.shaped
    same = (series.dtype, len(series.pages), separate, depth, contig)
    if same != (above.dtype, len(above.pages), *larger.shaped[:2], larger.shaped[4]):
        return False
    full_height, full_width = larger.shaped[2:4]
    step = max(full_height / height, full_width / width)
    # The same view: each edge is the wanted one, rounded up or down by a pixel.
    fits = abs(height * full_width - width * full_height) <= full_width + full_height
    return fits and 1 < step <= _LARGEST_STEP


def _key(series: Series) -> TiffPage:
    key: TiffPage = series.keyframe
    return key
