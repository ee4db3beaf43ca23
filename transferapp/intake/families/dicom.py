"""DICOM: the slices of a series, or the levels of a slide, in files of one folder.

Seen with Bio-Formats 7.3.1, DicomReader, with files made for it. It puts files of one folder
into one set when their acquisition dates and series numbers are equal, each has an instance
number, and their acquisition times are less than 150 s from that of the first; the series'
UID plays no part, so a copy of a slice is a second slice. The first by name is opened; then
come the parts of a slide (volume, thumbnail, overview, label), wider and higher images first,
then by slice location and instance number. Files of fewer than 2,048 bytes join no other;
where one of a set lacks its image type, none can be opened: here such a file stays alone.
Reports, plans and presentation states have no pixels: it opens none, and they are no images.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transferapp.errors import DamagedFile, MissingCompanion, SourceProblem
from transferapp.formats.embedded import DICOM
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.contents import HEAD_BYTES, head, is_recognized_by_content
from transferapp.intake.families import dicom_header as tags
from transferapp.intake.families.dicom_header import DicomHeader, has_mark, read_header
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_DIRECTORY = "dicomdir"
_LEAST_BYTES = 2048
_WINDOW_S = 150.0
_DATE = re.compile(r"\d{4}\.?\d{2}\.?\d{2}")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d*)?)?")
#: The third part of a slide's image type, in the order of its files.
_SLIDE_PARTS = ("VOLUME", "THUMBNAIL", "OVERVIEW", "LABEL")


@dataclass(frozen=True, slots=True)
class _Slice:
    """A file with what of its header tells its place; ``time`` is None when it is empty."""

    file: FoundFile
    header: DicomHeader
    time: float | None

    @property
    def part(self) -> str:
        return [*self.header.values.get(tags.IMAGE_TYPE, "").split("\\"), "", "", ""][2]

    @property
    def place(self) -> tuple[float, ...]:
        value = self.header.number
        width, height = value(tags.COLUMNS) or 0, value(tags.ROWS) or 0
        return (-width, -height, value(tags.LOCATION) or 0, value(tags.INSTANCE) or 0)


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set that a file belongs to, whichever of its files it is."""
    if file.name.lower() == _DIRECTORY:
        return None
    folder = file.path.parent
    made = neighbours.once((DICOM.name, str(folder)), lambda: _sets(file, neighbours))
    return made.get(file.place)


def collect_directory(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Let a DICOMDIR ride along with the first series in its folder or below."""
    if file.name.lower() != _DIRECTORY:
        return None
    others = False
    for other in _below(file, neighbours):
        if _may_be_slice(other, neighbours) and (made := collect(other, neighbours)):
            if not made.no_image:
                return replace(made, files=(*made.files, file))
            others = True
    if others:
        why = f"'{file.name}' lists DICOM files of which none is an image. Leave it out."
        return FilesetCandidate(file.name, (file,), DICOM, no_image=why)
    problem = MissingCompanion(
        f"'{file.name}' only lists DICOM files, and none of them is there. Drop the whole"
        " folder that it lies in."
    )
    return FilesetCandidate(file.name, (file,), DICOM, (problem,))


def _below(file: FoundFile, neighbours: Neighbours) -> Iterator[FoundFile]:
    """Yield what was scanned in a file's folder and below; it is found by its sorted path, as
    there may be a DICOMDIR in every folder of thousands.
    """
    paths = neighbours.once((_DIRECTORY, "paths"), lambda: sorted(neighbours.scanned))
    front = str(file.path.parent / "_")[:-1]
    for at in range(bisect_left(paths, front), len(paths)):
        if not paths[at].startswith(front):
            break
        yield neighbours.scanned[paths[at]]


def _sets(base: FoundFile, neighbours: Neighbours) -> dict[str, FilesetCandidate]:
    """Make all sets of a folder, by the paths of their files; each file is read once."""
    series: dict[tuple[str, float], list[_Slice]] = defaultdict(list)
    made: list[FilesetCandidate] = []
    listed = neighbours.listing(base, base.path.parent)
    for file in sorted(listed, key=lambda one: one.name):
        by_name = file.name.lower().endswith(DICOM.suffixes)
        if not by_name and not _is_recognized_by_content(file.name):
            continue
        header = _header(file, by_name=by_name)
        if header is None and not by_name and not has_mark(head(file, neighbours)):
            continue
        key = None if header is None else _key(header)
        if header is not None and not header.is_image:
            made.append(FilesetCandidate(file.name, (file,), DICOM, no_image=_no_image(file)))
        elif header is None or key is None or file.size_bytes < _LEAST_BYTES:
            made.append(_made([file], [] if header is None else [header]))
        else:
            series[key].append(_Slice(file, header, _seconds(header.values[tags.TIME])))
    for slices in series.values():
        made += _of_series(slices)
    return {file.place: one for one in made for file in one.files}


def _may_be_slice(file: FoundFile, neighbours: Neighbours) -> bool:
    name = file.name
    if name.lower().endswith(DICOM.suffixes):
        return True
    return _is_recognized_by_content(name) and has_mark(head(file, neighbours))


def _is_recognized_by_content(name: str) -> bool:
    return name.lower() != _DIRECTORY and is_recognized_by_content(name)


def _header(file: FoundFile, *, by_name: bool) -> DicomHeader | None:
    try:
        return read_header(file.path, file.size_bytes, mark_needed=not by_name)
    except OSError:
        return None  # Preflight says it.


def _key(header: DicomHeader) -> tuple[str, float] | None:
    """Return what files of a set have in common; None for a file that stays alone."""
    date = header.values.get(tags.DATE, "").replace(".", "")
    series = header.values.get(tags.SERIES)
    time = header.values.get(tags.TIME)
    if series is None or time is None or tags.IMAGE_TYPE not in header.values:
        return None
    if header.number(tags.INSTANCE) is None or not _DATE.fullmatch(date):
        return None
    if time and not _TIME.fullmatch(time):
        return None
    number = header.number(tags.SERIES) if series else 0.0
    return None if number is None else (date, number)


def _seconds(time: str) -> float | None:
    found = _TIME.fullmatch(time)
    if found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return (hours * 60 + minutes) * 60 + seconds


def _of_series(slices: list[_Slice]) -> list[FilesetCandidate]:
    """Take a series apart where its times are too far from each other."""
    groups: list[list[_Slice]] = []
    while slices:
        first = slices[0]
        near = [one for one in slices if _is_near(one.time, first.time)]
        taken = {id(one) for one in near}
        slices = [one for one in slices if id(one) not in taken]
        groups.append([first, *_ordered(near[1:])])
    doubt = _taken_apart(groups) if len(groups) > 1 else ""
    return [
        _made([one.file for one in group], [one.header for one in group], doubt)
        for group in groups
    ]


def _is_near(time: float | None, other: float | None) -> bool:
    if time is None or other is None:
        return time is other
    return abs(time - other) < _WINDOW_S


def _ordered(slices: Sequence[_Slice]) -> list[_Slice]:
    if all(one.part in _SLIDE_PARTS for one in slices):
        return sorted(slices, key=lambda one: (_SLIDE_PARTS.index(one.part), one.place))
    return sorted(slices, key=lambda one: one.place)


def _made(
    files: Sequence[FoundFile], headers: Sequence[DicomHeader], doubt: str = ""
) -> FilesetCandidate:
    cut_off = [file for file, header in zip(files, headers, strict=False) if header.cut_off]
    problems = tuple[SourceProblem, ...](map(_cut, cut_off[:1]))
    if not headers and not _is_marked(files[0]):
        problems = (_other(files[0]),)
    uids = {header.values.get(tags.SERIES_UID, "") for header in headers} - {""}
    doubts = tuple(one for one in (doubt, _joined(len(uids)), _twice(files, headers)) if one)
    return FilesetCandidate(files[0].name, tuple(files), DICOM, problems, doubts)


def _cut(file: FoundFile) -> DamagedFile:
    return DamagedFile(
        f"'{file.name}' is not complete: its pixels are cut off. Copy or export it again."
    )


def _no_image(file: FoundFile) -> str:
    return (
        f"'{file.name}' is a DICOM file without an image (a report, a plan, a presentation"
        " state). Leave it out."
    )


def _is_marked(file: FoundFile) -> bool:
    """Say whether a file without a header that we understand is one; so when it is not read."""
    try:
        with file.path.open("rb", buffering=0) as opened:
            return has_mark(opened.read(HEAD_BYTES))
    except OSError:
        return True  # Preflight says it.


def _other(file: FoundFile) -> DamagedFile:
    return DamagedFile(
        f"'{file.name}' does not begin like a DICOM file. Copy or export it again."
    )


def _taken_apart(groups: Sequence[Sequence[_Slice]]) -> str:
    return (
        f"Its series becomes {len(groups)} images: Bio-Formats joins only files acquired within"
        f" {_WINDOW_S:.0f} seconds. Export the series as one OME-TIFF to keep it together."
    )


def _joined(series: int) -> str:
    """Tell of one image made of several series: findings/dicom-two-series-in-one.sh."""
    if series <= 1:
        return ""
    return (
        f"Its files are of {series} series, and Bio-Formats makes one image of them: they have"
        " the same number and day. Put each series into a folder of its own to keep them apart."
    )


def _twice(files: Sequence[FoundFile], headers: Sequence[DicomHeader]) -> str:
    """Tell of copies of a slice: each would be a slice more."""
    first = dict[str, FoundFile]()
    copies = list[tuple[FoundFile, FoundFile]]()
    ordered = sorted(zip(files, headers, strict=False), key=lambda one: one[0].name)
    for file, header in ordered:
        uid = header.values.get(tags.INSTANCE_UID, "")
        if uid and (original := first.setdefault(uid, file)) is not file:
            copies.append((file, original))
    if not copies:
        return ""
    copy, original = copies[0]
    if len(copies) == 1:
        return (
            f"'{copy.name}' is a copy of '{original.name}': the image would have it twice."
            " Leave it out."
        )
    return (
        f"{len(copies):,} of its files are copies of others, such as '{copy.name}' of"
        f" '{original.name}': the image would have them twice. Leave them out."
    )


DIRECTORY_FAMILY = Family("DICOMDIR", (_DIRECTORY,), collect_directory)
FAMILY = Family("DICOM", DICOM.suffixes, collect, begins=has_mark)
