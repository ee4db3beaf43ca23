"""The readers of Bio-Formats, from the table that ``installers/bioformats_readers.py`` writes.

Its version stands in the table's first line (7.3.1). OMERO of today is built on 8.x, which
has all of these, and a few more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

_TABLE = "bio_formats.tsv"
#: As Bio-Formats says it of IonpathMIBITiffReader; no name ends like this.
_SLIP = "tif, tiff"


@dataclass(frozen=True, slots=True)
class BioFormatsReader:
    """One reader. ``suffixes`` are without a dot, as Bio-Formats tells them.

    ``suffix_needed``: it takes no file whose suffix does not fit. ``suffix_enough``: it takes
    a file whose suffix fits, without a look into it.
    """

    name: str
    format: str
    several_files: bool
    suffix_needed: bool
    suffix_enough: bool
    suffixes: tuple[str, ...]

    @property
    def endings(self) -> tuple[str, ...]:
        """Ends of names, with the dot."""
        return tuple(f".{one}" for one in self.suffixes if one and one != _SLIP)


@cache
def version() -> str:
    """Return the version of Bio-Formats that the table was made with."""
    return _lines()[0].removeprefix("# Bio-Formats ").partition(";")[0]


@cache
def readers() -> tuple[BioFormatsReader, ...]:
    """Return all readers in the order in which Bio-Formats asks them."""
    return tuple(_reader(line.split("\t")) for line in _lines()[2:])


@cache
def suffixes() -> tuple[str, ...]:
    """Return what Bio-Formats calls its suffixes, each once: 219 of 7.3.1.

    One is empty (files that are known by content alone) and one is a slip, "tif, tiff".
    """
    return tuple(sorted({suffix for reader in readers() for suffix in reader.suffixes}))


def _reader(cells: list[str]) -> BioFormatsReader:
    name, kind, several, needed, enough, listed = cells
    return BioFormatsReader(
        name, kind, bool(several), bool(needed), bool(enough), tuple(listed.split("|"))
    )


@cache
def _lines() -> tuple[str, ...]:
    table = resources.files("transferapp.formats").joinpath(_TABLE)
    return tuple(table.read_text(encoding="utf-8").splitlines())
