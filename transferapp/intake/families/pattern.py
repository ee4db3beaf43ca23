"""A ``.pattern`` file: one line that stands for the names of all images of a set.

Seen with Bio-Formats 7.3.1, FilePatternReader: ``<0-2>``, ``<0-4:2>``, ``<A-C>`` and
``<DAPI,GFP>`` stand for names, the first block running fastest; without a block the line is a
regular expression, whose matches come in the order of text. The pattern itself is opened.
One missing image, a second line, a folder before the names (``./`` too) or other case, and
it reads nothing. ``<1-3,7>`` and ``<3-1>`` stand for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from transferapp.errors import MissingCompanion
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import called_alike, damaged, if_utf_16, matching
from transferapp.intake.families.family import Family
from transferapp.intake.families.texts import read_text
from transferapp.intake.neighbours import Neighbours, found_and_absent
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("File pattern", (".pattern",), ())
_MAX_PATTERN_BYTES = 64 << 10
#: More names than this are no images of one set.
_MAX_NAMES = 200_000
_BLOCK = re.compile(r"<([^<>]*)>")
_NUMBERS = re.compile(r"(\d+)-(\d+)(?::(\d+))?")
_LETTERS = re.compile(r"([A-Za-z])-([A-Za-z])(?::(\d+))?")
#: Repeated groups, and many repetitions, can take longer than anyone waits.
_HARMFUL = re.compile(r"\)[*+{?]|\\[1-9]|(?:[*+{].*){6}")
_LONGEST_EXPRESSION = 250


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a ``.pattern``; one that stands for nothing is damaged."""
    line = read_text(index, _MAX_PATTERN_BYTES).strip()
    if not line or "\n" in line or "\r" in line:
        return damaged(index, FORMAT, called_alike(index, neighbours))
    # Without a block the backslash has its own meaning.
    path = line.replace("\\", "/") if "<" in line else line
    folder, _, pattern = path.rpartition("/")
    names = _names(pattern, index, neighbours)
    if not names:
        return damaged(index, FORMAT, _meant(pattern, index, neighbours))
    found, absent = found_and_absent(names, lambda name: neighbours.exactly(index, name))
    if not found and not folder:
        meant = _meant(pattern, index, neighbours)
        fronts = tuple(absent)
        if "." not in pattern or any(file.name.startswith(fronts) for file in meant):
            return damaged(index, FORMAT, meant)  # Cut off inside of the names.
    problems = _problems(index, folder, found, absent)
    made = FilesetCandidate(index.name, (index, *found), FORMAT, problems)
    return if_utf_16(made, index)


def _meant(pattern: str, index: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    """Return the images that a broken pattern may stand for: by what stands in front of its
    first block, and by its own name.
    """
    front = re.escape(pattern.partition("<")[0])
    begun = matching(index, neighbours, re.compile(f"^{front}")) if front else []
    alike = called_alike(index, neighbours)
    return list({file.place: file for file in (*begun, *alike)}.values())


def _problems(
    index: FoundFile, folder: str, found: Sequence[FoundFile], absent: Sequence[str]
) -> tuple[MissingCompanion, ...]:
    if folder:
        why = f"names its images with the folder '{folder}'"
        remedy = "Put it into the folder of the images and leave nothing in it but their names."
        return (doubt_texts.not_found_like_this(index, why, remedy),)
    if not found:
        return (doubt_texts.no_images(index, absent[0]),)
    return (doubt_texts.needed(absent, index),) if absent else ()


def _names(pattern: str, index: FoundFile, neighbours: Neighbours) -> list[str]:
    """Return the names that a pattern stands for, in order; none when it is no pattern."""
    fixed = _BLOCK.split(pattern)[::2]
    if len(fixed) == 1:
        return _matching(pattern, index, neighbours)
    blocks, count = list[list[str]](), 1
    for text in _BLOCK.findall(pattern):
        blocks.append(_elements(text))
        count *= len(blocks[-1])
    if not 0 < count <= _MAX_NAMES:
        return []
    # product() runs the last one fastest, Bio-Formats the first block.
    turned = product(*reversed(blocks))
    return [_filled(fixed, values[::-1]) for values in turned]


def _filled(fixed: Sequence[str], values: Sequence[str]) -> str:
    pairs = zip(fixed, (*values, ""), strict=True)
    return "".join(text + value for text, value in pairs)


def _elements(block: str) -> list[str]:
    """Return what a block stands for: a range of numbers or letters, or a list."""
    if match := _NUMBERS.fullmatch(block):
        first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
        if step == 0 or not 0 <= last - first < _MAX_NAMES:
            return []
        width = len(match[1]) if match[1].startswith("0") else 0
        return [f"{number:0{width}}" for number in range(first, last + 1, step)]
    if match := _LETTERS.fullmatch(block):
        letters = range(ord(match[1]), ord(match[2]) + 1, int(match[3] or 1) or 1)
        return [chr(letter) for letter in letters]
    elements = block.split(",")
    mixed = any(_NUMBERS.fullmatch(e) or _LETTERS.fullmatch(e) for e in elements)
    return [] if mixed and len(elements) > 1 else elements


def _matching(pattern: str, index: FoundFile, neighbours: Neighbours) -> list[str]:
    if neighbours.exactly(index, pattern) is not None:
        return [pattern]
    if len(pattern) > _LONGEST_EXPRESSION or _HARMFUL.search(pattern):
        return []
    try:
        expression = re.compile(pattern)
    except re.error:
        return []
    here = (file.name for file in neighbours.listing(index, index.path.parent))
    found = (n for n in here if n != index.name and expression.fullmatch(n))
    return sorted(found)


PATTERN = Family("file pattern", FORMAT.suffixes, collect, names_any=True)
