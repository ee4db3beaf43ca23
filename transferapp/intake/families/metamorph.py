"""MetaMorph: an ``.nd`` file of text beside the TIFF or STK files of its planes.

The order of files and which one is opened (the first image, not the index) were seen with
Bio-Formats 7.3.1, MetamorphReader.
"""

from __future__ import annotations

import re
from itertools import product

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import words
from transferapp.intake.families.family import Family
from transferapp.intake.image_format import ImageFormat
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("MetaMorph", (".nd",), (b'"NDInfoFile"',))
#: How MetaMorph names the image of a wavelength, a stage position and a time point.
_PARTS = r"(?:_w(?P<w>\d[^_]*?))?(?:_s(?P<s>\d+))?(?:_t(?P<t>\d+))?\.(?:tiff?|stk)"
#: An index is some lines for each wavelength and stage position.
_MAX_INDEX_BYTES = 4 << 20


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.nd`` file; None when it is no MetaMorph file."""
    with index.path.open("rb") as opened:
        text = opened.read(_MAX_INDEX_BYTES).decode("utf-8", "replace")
    settings = dict(_lines(text))
    if "NDInfoFile" not in settings:
        return None
    stem = index.path.name[: -len(".nd")]
    name = re.compile(re.escape(stem) + _PARTS, re.IGNORECASE)
    found = {}
    for file in neighbours.listing(index, index.path.parent):
        if match := name.fullmatch(file.path.name):
            stage, time = int(match["s"] or 1), int(match["t"] or 1)
            found[stage, time, _wave(match["w"], settings)] = file
    images = [found[key] for key in sorted(found)]
    if not images:
        problem = words.no_images(index, f"{stem}_w1..._s1_t1.tif")
        return FilesetCandidate(index.path.name, (index,), FORMAT, (problem,))
    expected = product(
        _numbers(settings, "DoStage", "NStagePositions"),
        _numbers(settings, "DoTimelapse", "NTimePoints"),
        _numbers(settings, "DoWave", "NWavelengths"),
    )
    absent = [f"{stem}_w{w}_s{s}_t{t}" for s, t, w in expected if (s, t, w) not in found]
    doubts = (words.absent(absent, index),) if absent else ()
    files = (images[0], index, *images[1:])
    return FilesetCandidate(index.path.name, files, FORMAT, doubts=doubts)


def _lines(text: str) -> list[tuple[str, str]]:
    """Return each line's name and value, without quotation marks."""
    pairs = (line.partition(",") for line in text.splitlines())
    return [(name.strip().strip('"'), value.strip().strip('"')) for name, _, value in pairs]


def _wave(token: str | None, settings: dict[str, str]) -> int:
    """Return the number of a wavelength from '1491': the first, that is called '491'."""
    if token is None:
        return 1
    number = re.match(r"\d+", token)
    digits = number[0] if number else "1"
    starts = (digits[:length] for length in range(1, len(digits) + 1))
    named = (int(n) for n in starts if f"{n}{settings.get(f'WaveName{n}')}" == token)
    return next(named, int(digits))


def _numbers(settings: dict[str, str], switch: str, count: str) -> range:
    """Return the numbers that file names carry for one axis of the set."""
    text = settings.get(count, "")
    is_on = settings.get(switch, "").upper() == "TRUE" and text.isascii() and text.isdigit()
    return range(1, int(text) + 1) if is_on else range(1, 2)


METAMORPH = Family(
    "MetaMorph",
    FORMAT.suffixes,
    collect,
    re.compile(r"_w\d+[^/_]*(_s\d+)?_t\d+\.(tiff?|stk)$", re.IGNORECASE),
    "its .nd file",
)
