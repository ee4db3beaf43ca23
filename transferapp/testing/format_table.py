"""The table of Bio-Formats' suffixes in ``docs/formats.md``, made from the code.

python -m transferapp.testing.format_table      writes it anew
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from transferapp.formats import bio_formats
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.image_format import ImageFormat
from transferapp.formats.omero import omero_formats
from transferapp.formats.side_files import is_side_name
from transferapp.host.logging import configure_logging
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.formats import (
    COMPANION,
    KNOWN_UNREADABLE,
    OME_TIFF,
    TIFF,
    format_of_name,
)
from transferapp.intake.integrity import is_scanned_into

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
BEGIN, END = "<!-- suffixes: begin -->", "<!-- suffixes: end -->"
_HEAD = (
    "| Suffix | Recognised as | Grouped | Checked before the upload | Embedded repository |",
    "|---|---|---|---|---|",
)
_NOT_A_NAME = {"": "(none)", "tif, tiff": "`tif, tiff`"}


def table() -> str:
    """Return the table: a row for each suffix that Bio-Formats lists."""
    return "\n".join((*_HEAD, *map(_row, bio_formats.suffixes())))


def page_with(table: str, page: str) -> str:
    """Return the page with this table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _row(suffix: str) -> str:
    if suffix in _NOT_A_NAME:
        cells = (_NOT_A_NAME[suffix], _without_suffix(suffix), "-", "-", "no")
        return f"| {' | '.join(cells)} |"
    name = f"x.{suffix}"
    kind = format_of_name(name)
    sets = list(_sets(name, kind))
    cells = (
        f"`.{suffix}`",
        _recognised(name, kind),
        ", ".join(sets) or "-",
        _checked(kind, is_set=bool(sets)),
        _embedded(name),
    )
    return f"| {' | '.join(cells)} |"


def _without_suffix(suffix: str) -> str:
    return "a slip in Bio-Formats' list" if suffix else "by its first bytes, for OMERO"


def _recognised(name: str, kind: ImageFormat | None) -> str:
    if kind is not None:
        return kind.name
    names = (family.name for family in FAMILIES if family.reports_of_a_set(name))
    if family := next(names, ""):
        return family
    if is_side_name(name):
        return "beside images, no image by itself"
    read = next((one.name for one in omero_formats().of_name(name)), "")
    known = KNOWN_UNREADABLE.get(name[1:], read)
    return f"{known}, for OMERO" if read else "left out by OMERO's importer"


def _sets(name: str, kind: ImageFormat | None) -> Iterator[str]:
    if kind in (COMPANION, OME_TIFF, TIFF):
        yield "OME-TIFF sets"
    for family in FAMILIES:
        ends = (end for end in family.opens if end.endswith(name[1:]))
        yield from (f"{family.name} (`{end}`)" for end in ends)


def _checked(kind: ImageFormat | None, *, is_set: bool) -> str:
    if kind is not None and is_scanned_into(kind):
        return "whole, and can be shown"
    return "the set is complete" if is_set else "there, and not empty"


def _embedded(name: str) -> str:
    for read in embedded_formats().of_name(name):
        return f"{read.reader} (extra `{read.needs}`)" if read.needs else read.reader
    return "no"


def main() -> None:
    """Write the table into the page."""
    configure_logging("format-table", private=False)
    PAGE.write_text(page_with(table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
