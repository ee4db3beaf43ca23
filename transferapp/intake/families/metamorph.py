r"""MetaMorph: an ``.nd`` file of text beside the TIFF or STK files of its planes.

Seen with Bio-Formats 7.3.1, MetamorphReader: the image that is first in the order of text is
opened (a TIFF rather than a STK) and the index comes second; then the other images by stage
position, time and wavelength. A name is exactly the index's
own, ``_w`` with the number and the name of the wavelength (``/ \ ( ) _`` stand as ``-``),
``_s`` and ``_t`` without zeros in front, of the axes that were recorded, then ``.tif``,
``.TIF``, ``.stk`` or ``.STK``; where a plane is there twice, the TIFF. ``WaveInFileName``
FALSE leaves out the wavelength's name. Images that are absent are shown black. Stage positions
that are called like different wells (``A1``, ``Well B02``) make a plate.
"""

from __future__ import annotations

import re
from itertools import product
from math import prod

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import damaged, if_utf_16, matching
from transferapp.intake.families.family import Family
from transferapp.intake.families.texts import names_on_disk, read_text
from transferapp.intake.neighbours import Neighbours, found_and_absent
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("MetaMorph", (".nd",), (b'"NDInfoFile"',))
#: An index is some lines for each wavelength and stage position.
_MAX_INDEX_BYTES = 4 << 20
#: More images than this are no set: the numbers are damaged.
_MAX_IMAGES = 200_000
_SUFFIXES = (".TIF", ".tif", ".stk", ".STK")
_DASHED = str.maketrans(dict.fromkeys("/\\()_", "-"))
_WELL = re.compile(r"(?:.* )?([A-Za-z]\d{1,3})(?:[_,].*)?")


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.nd`` file; one that is no text of MetaMorph is damaged."""
    settings = dict(_lines(read_text(index, _MAX_INDEX_BYTES)))
    if "NDInfoFile" not in settings:
        return damaged(index, FORMAT, _beside(index, neighbours))
    names = _names(index.name[: -len(".nd")], settings)
    found, absent = found_and_absent(names, lambda name: _image(index, name, neighbours))
    is_whole = "EndFile" in settings
    if not is_whole:
        beside = _beside(index, neighbours)
        if not _reports_names(settings) or {*_places(beside)} - {*_places(found)}:
            return damaged(index, FORMAT, [*found, *beside])
    if not found:
        return _without_images(index, names, _beside(index, neighbours))
    first = min(found, key=lambda file: (_is_stk(file), file.name))
    files = (first, index, *(file for file in found if file is not first))
    doubts = [doubt_texts.absent(absent, index)] if absent else []
    doubts += [] if is_whole else [doubt_texts.no_end(index)]
    plate = _is_plate(settings)
    made = FilesetCandidate(index.name, files, FORMAT, doubts=tuple(doubts), plate=plate)
    return if_utf_16(made, index)


def _reports_names(settings: dict[str, str]) -> bool:
    """Say whether a text got as far as the last line that names depend on."""
    return settings.get("WaveInFileName", "").upper() in ("TRUE", "FALSE")


def _names(stem: str, settings: dict[str, str]) -> list[str]:
    """Return the names of all images without their suffix, in order."""
    waves = [f"_w{n}{_wave(settings, n)}" for n in _count(settings, "DoWave", "NWavelengths")]
    times = [f"_t{n}" for n in _count(settings, "DoTimelapse", "NTimePoints")]
    stages = [f"_s{n}" for n in _count(settings, "DoStage", "NStagePositions")]
    axes = (stages or [""], times or [""], waves or [""])
    if prod(map(len, axes)) > _MAX_IMAGES:
        return [stem]
    order = product(*axes)
    return [f"{stem}{wave}{stage}{time}" for stage, time, wave in order]


def _image(index: FoundFile, name: str, neighbours: Neighbours) -> FoundFile | None:
    files = (neighbours.exactly(index, f"{name}{suffix}") for suffix in _SUFFIXES)
    return next((file for file in files if file is not None), None)


def _is_stk(file: FoundFile) -> bool:
    return file.name.lower().endswith(".stk")


def _places(files: list[FoundFile]) -> list[str]:
    return [file.place for file in files]


def _beside(index: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    """Return the images that are called like those of an index."""
    stem = re.escape(index.name[: -len(".nd")])
    like = re.compile(rf"^{stem}(_w\d[^/]*)?(_s\d+)?(_t\d+)?\.(tiff?|stk)$", re.IGNORECASE)
    return matching(index, neighbours, like)


def _without_images(
    index: FoundFile, names: list[str], images: list[FoundFile]
) -> FilesetCandidate:
    """Make the set of an index that Bio-Formats finds no image for: it may be renamed."""
    if images and _is_of_another(images[0], index):
        images = []
    if not images:
        problem = doubt_texts.no_images(index, f"{names[0]}.tif")
        return FilesetCandidate(index.name, (index,), FORMAT, (problem,))
    why = f"means names such as '{names[0]}.tif', not '{images[0].name}'"
    remedy = "Give the images the names that MetaMorph gave them, then drop the folder again."
    problem = doubt_texts.not_found_like_this(index, why, remedy)
    return FilesetCandidate(index.name, (index, *images), FORMAT, (problem,))


def _is_of_another(image: FoundFile, index: FoundFile) -> bool:
    """Say whether an image is that of an index whose letters have its own case."""
    stem = image.name[: len(index.name) - len(".nd")]
    others = names_on_disk(str(index.path.parent))
    return any(f"{stem}{end}" in others for end in (".nd", ".ND") if stem + end != index.name)


def _lines(text: str) -> list[tuple[str, str]]:
    """Return each line's name and value, without quotation marks."""
    pairs = (line.partition(",") for line in text.splitlines())
    return [(name.strip().strip('"'), value.strip().strip('"')) for name, _, value in pairs]


def _wave(settings: dict[str, str], number: int) -> str:
    if settings.get("WaveInFileName", "TRUE").upper() == "FALSE":
        return ""
    return settings.get(f"WaveName{number}", "").translate(_DASHED)


def _count(settings: dict[str, str], switch: str, count: str) -> range:
    """Return the numbers that file names carry for one axis of the set; none if it has not
    that axis.
    """
    text = settings.get(count, "")
    is_on = settings.get(switch, "").upper() == "TRUE" and text.isascii() and text.isdigit()
    return range(1, min(int(text[:9]), _MAX_IMAGES + 1) + 1) if is_on else range(0)


def _is_plate(settings: dict[str, str]) -> bool:
    """Say whether all stage positions are called like wells, and not all like the same."""
    stages = _count(settings, "DoStage", "NStagePositions")
    wells = [_WELL.fullmatch(settings.get(f"Stage{number}", "")) for number in stages]
    return all(wells) and len({well[1] for well in wells if well}) > 1


METAMORPH = Family(
    "MetaMorph",
    FORMAT.suffixes,
    collect,
    re.compile(
        r"(_w\d+[^/_]*(_s\d+)?_t\d+\.tiff?|_w\d+[^/_]*(_s\d+)?(_t\d+)?\.stk)$", re.IGNORECASE
    ),
    "its .nd file",
)
