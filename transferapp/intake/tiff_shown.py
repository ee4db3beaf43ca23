"""Tell whether the image repository can show a TIFF's page, from its tags alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transferapp.model.pixel_types import type_name, why_not_shown

if TYPE_CHECKING:
    from tifffile import TiffFrame, TiffPage

#: TIFF's numbers of compressions that Bio-Formats unpacks (7.3.1: those with a codec in its
#: ``TiffCompression``; CCITT and Thunderscan ask for a library that it does not bring).
BIO_FORMATS = frozenset(
    {1, 5, 6, 7, 8, 22610, 32773, 32946, 33003, 33004, 33005, 33007, 34712, 50000}
)
#: Those that the embedded repository unpacks: tifffile 2026.3 with imagecodecs.
EMBEDDED = BIO_FORMATS | {
    2, 3, 4, 34887, 34892, 34925, 34926, 34927, 34933, 34934, 48124, 50001, 50002, 50013,
    52546, 65000, 65001, 65002,
}  # fmt: skip


def why_page_not_shown(page: TiffPage | TiffFrame) -> str:
    """Say why no image repository can show a page, as a sentence without its subject; or "".

    Of a compressed LSM, tifffile hands out frames: they have the tags of another page.
    Raises ValueError for a tag that is spoilt.
    """
    from tifffile import TiffPage  # noqa: PLC0415 - it is there: a page was opened

    return _why_not_shown(
        page if isinstance(page, TiffPage) else page.keyframe or page.aspage()
    )


def _why_not_shown(page: TiffPage) -> str:
    if page.compression not in EMBEDDED:
        return (
            f"is compressed by {compression_name(page)}, which the image repository cannot"
            " unpack. Save it without compression or with LZW, then import that."
        )
    if not isinstance(page.imagedepth, int):
        raise ValueError("several depths of one page")  # noqa: TRY004 - of the file
    if page.imagedepth > 1:
        # Bio-Formats 7.3.1 shows the first plane and does not tell of the others.
        return (
            "has volumes inside its pages, which the image repository cannot show. Export it"
            " as OME-TIFF, then import that."
        )
    return why_not_shown(type_name(page.dtype.name if page.dtype else "", page.bitspersample))


def compression_name(page: TiffPage | TiffFrame) -> str:
    """Return what a page's compression is called, or its number."""
    return getattr(page.compression, "name", f"method {page.compression}")
