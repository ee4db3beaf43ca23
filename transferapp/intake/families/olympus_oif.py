"""Olympus OIF: ``NAME.oif`` with the folder ``NAME.oif.files``.

Seen with Bio-Formats 7.3.1, FV1000Reader: the ``.oif`` is opened; then the ``.lut``,
``.roi`` and ``.pty`` files of its folder in the folder's own order, as the file system lists
them; then the TIFFs, the axis that their names put first running fastest (``s_C001Z001``,
``s_C002Z001``). Any TIFF may be called otherwise by its ``.pty``, which no FluoView does and
is not looked at. The folder is the one that the ``.oif`` names, or that is called as it. One
absent TIFF, or no such folder, and nothing is read. Other files in the folder stay where they
are; ``s_Thumb.bmp``, which Bio-Formats reads as an image of its own, is FluoView's picture of
the set, and no image here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from transferapp.errors import MissingCompanion
from transferapp.formats.embedded import OIF as FORMAT
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import damaged
from transferapp.intake.families.family import Family
from transferapp.intake.families.texts import ends_a_line, names_on_disk, read_ini
from transferapp.intake.neighbours import Neighbours, found_and_absent
from transferapp.intake.scanning import FoundFile

BMP_FORMAT = ImageFormat("BMP", (".bmp",), (b"BM",))
_FOLDER_END = ".files"
_PREVIEW, _PREVIEW_SETTINGS = "s_thumb.bmp", "s_Thumb.pty"
_SIDE_SUFFIXES = (".lut", ".roi", ".pty")
#: Settings of a microscope: some tens of kB.
_MAX_OIF_BYTES = 4 << 20
_MAX_IMAGES = 200_000
#: Without one of these Bio-Formats 7.3.1 reads nothing, or other sizes.
_NEEDED = (
    "AxisOrder", "PtyFileNameS", "PtyFileNameE", "PtyFileNameT2", "PtyFileNameThumbnail0",
    "ImageDepth", "ImageHeight", "ImageWidth",
)  # fmt: skip
#: FluoView sorts its sections by their names, and this is in the last one.
_LAST = "SystemVersion"
_AXIS = re.compile(r"([A-Z])(\d{3,9})")
_IMAGE = re.compile(r"s_(?:[A-Z]\d{3,9})+\.tif", re.IGNORECASE)


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.oif``; one that is no text of Olympus is damaged."""
    settings = read_ini(index, _MAX_OIF_BYTES)
    first, last = (_last_part(settings.get(f"PtyFileName{end}", "")) for end in "SE")
    folder = _folder(index, settings)
    if not all(settings.get(key) for key in _NEEDED):
        files = neighbours.listing(index, folder)
        return damaged(index, FORMAT, [f for f in files if not _is_preview(f)])
    sides = list[FoundFile]()
    for name in names_on_disk(str(folder)):
        file = neighbours.exactly(index, name, folder)
        if file is not None and name.lower().endswith(_SIDE_SUFFIXES):
            sides.append(file)
    found, absent = found_and_absent(
        _image_names(first, last) or _images_in(index, folder, neighbours),
        lambda name: neighbours.exactly(index, name, folder),
    )
    problems = _oif_problems(index, folder, found, absent)
    doubts = () if _LAST in settings and ends_a_line(index) else (doubt_texts.no_end(index),)
    return FilesetCandidate(index.name, (index, *sides, *found), FORMAT, problems, doubts)


def _folder(index: FoundFile, settings: dict[str, str]) -> Path:
    """Return the folder of the images: as the index names it, however that is called itself."""
    named = _last_part(settings.get("PtyFileNameS", "").replace("\\", "/").rpartition("/")[0])
    names = (named, index.name + _FOLDER_END)
    beside = [index.path.parent / name for name in names if name.lower().endswith(_FOLDER_END)]
    return next((folder for folder in beside if folder.is_dir()), beside[-1])


def _is_preview(file: FoundFile) -> bool:
    return file.name.lower() == _PREVIEW


def _oif_problems(
    index: FoundFile, folder: Path, found: Sequence[FoundFile], absent: Sequence[str]
) -> tuple[MissingCompanion, ...]:
    if not found:
        return (
            doubt_texts.no_images(
                index, f"{folder.name}/{absent[0] if absent else 's_C001.tif'}"
            ),
        )
    return (doubt_texts.needed(absent, index),) if absent else ()


def _image_names(first: str, last: str) -> list[str]:
    """Return the names of all images from those of the first and last ``.pty``, in order."""
    starts, ends = _AXIS.findall(first), _AXIS.findall(last)
    if not starts or [axis for axis, _ in starts] != [axis for axis, _ in ends]:
        return []
    ranges, count = list[list[str]](), 1
    for (axis, start), (_, end) in zip(starts, ends, strict=True):
        if not 0 <= int(end) - int(start) < _MAX_IMAGES:
            return []
        numbers = range(int(start), int(end) + 1)
        ranges.append([f"{axis}{number:0{len(start)}}" for number in numbers])
        count *= len(numbers)
    if count > _MAX_IMAGES:
        return []
    front = first[: first.index(starts[0][0] + starts[0][1])]
    # product() runs the last one fastest, Bio-Formats the first axis.
    turned = product(*reversed(ranges))
    return [front + "".join(reversed(values)) + ".tif" for values in turned]


def _images_in(index: FoundFile, folder: Path, neighbours: Neighbours) -> list[str]:
    """Return the names of the images in the folder, where the ``.oif`` does not tell them."""
    names = (file.name for file in neighbours.listing(index, folder))
    found = [name for name in names if _IMAGE.fullmatch(name)]
    return sorted(found, key=lambda name: [int(n) for _, n in reversed(_AXIS.findall(name))])


def _last_part(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def collect_preview(picture: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Say what the preview picture of an OIF is, in its folder or beside its ``.pty``."""
    if not _is_preview(picture):
        return None
    folder = picture.path.parent.name
    if folder.lower().endswith(".oif" + _FOLDER_END):
        of = f"of '{folder[: -len(_FOLDER_END)]}'"
    elif neighbours.named(picture, _PREVIEW_SETTINGS):
        of = "of an Olympus OIF"
    else:
        return None
    why = f"'{picture.name}' is only the small preview picture {of}. Leave it out."
    return FilesetCandidate(picture.name, (picture,), BMP_FORMAT, no_image=why)


OIF = Family(
    "FluoView OIF",
    FORMAT.suffixes,
    collect,
    re.compile(r"(^|/)s_(?:[A-Z]\d{3})+\.tif$", re.IGNORECASE),
    "its .oif file",
)
OIF_PREVIEW = Family("Olympus OIF's preview", (_PREVIEW,), collect_preview)
