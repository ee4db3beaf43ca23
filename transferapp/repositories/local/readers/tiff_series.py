"""Which of tifffile's series are images of their own, and which are levels of another."""

from __future__ import annotations

from typing import cast

from tifffile import TiffFile, TiffPage, TiffPageSeries

#: Kinds whose levels tifffile guesses by size; the others' are known from their vendors.
_GUESSED = frozenset({"generic", "shaped", "uniform"})
#: A smaller copy than this, seen from the level above, is a thumbnail.
_LARGEST_STEP = 8

Levels = list[TiffPageSeries]


def images_of(tif: TiffFile) -> list[Levels]:
    """Return the images of a file, each with its levels from full size down.

    In a plain TIFF only SubIFDs and the tag NewSubfileType make a page a smaller copy of
    another: a second page of half the size is an image. Thumbnails are none.
    """
    if all(series.kind in _GUESSED for series in tif.series):
        found = [level for series in tif.series for level in series.levels]
        return _grouped([part for series in found for part in _parted(series)])
    return [list(series.levels) for series in tif.series if not _is_thumbnail(series)]


def _is_thumbnail(series: TiffPageSeries) -> bool:
    # Beside every plane of an LSM lies a small copy of it.
    small_copy = series.kind == "lsm" and _key(series).is_reduced
    return series.name == "Thumbnail" or small_copy


def _parted(series: TiffPageSeries) -> list[TiffPageSeries]:
    """Part full images from smaller copies, which tifffile joins when they have one size."""
    if series.kind != "generic":
        return [series]
    pages: dict[tuple[bool, bool], list[TiffPage]] = {}
    for page in series.pages:
        # This kind's are never left out nor abridged.
        whole = cast("TiffPage", page)
        pages.setdefault((whole.is_reduced, whole.is_subifd), []).append(whole)
    if len(pages) == 1:
        return [series]
    return [
        TiffPageSeries(
            some, (len(some), *some[0].shape), some[0].dtype, f"I{some[0].axes}", kind="generic"
        )
        for some in pages.values()
    ]


def _grouped(found: list[TiffPageSeries]) -> list[Levels]:
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


def _is_level(series: TiffPageSeries, above: TiffPageSeries) -> bool:
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


def _key(series: TiffPageSeries) -> TiffPage:
    key: TiffPage = series.keyframe
    return key
