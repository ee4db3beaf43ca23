"""NRRD: a header of text, ``.nhdr`` or ``.nrrd``, that names the file of its pixels or has
them behind it.

Seen with Bio-Formats 7.3.1, NRRDReader: the header is opened, the file that it names comes
second and must lie right beside it; lists of files (``LIST``, ``s%d.raw 1 9 1``), a file in
another folder, and a lone ``.nhdr`` are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from transferapp.errors import DamagedFile, MissingCompanion, SourceProblem
from transferapp.intake.bio_formats_only import NRRD
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.damaged import damaged
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_MAX_HEADER_BYTES = 1 << 16
#: Names by numbers: the format of a name, then the first number, the last and the step.
_PATTERN = re.compile(r"(.*%0?\d?d\S*)\s+(\d{1,9})\s+(\d{1,9})\s+(-?\d{1,9})(\s+\d+)?")
_MAX_NAME_LETTERS = 1024
#: A pattern of more files is none.
_MOST_FILES = 100_000
_END = re.compile(rb"\r?\n\r?\n")
#: Bytes of the type's names: each type has several.
_BYTES = (
    (1, r"u?int8(_t)?|(signed |unsigned )?char|uchar"),
    (2, r"u?int16(_t)?|(signed |unsigned )?short( int)?|ushort"),
    (4, r"u?int32(_t)?|(signed |unsigned )?int|uint|float"),
    (8, r"u?int64(_t)?|(signed |unsigned )?long ?long( int)?|u?longlong|double"),
)


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a header; None when it is no NRRD file, and says so by its name."""
    with file.path.open("rb", buffering=0) as opened:
        start = opened.read(_MAX_HEADER_BYTES)
    if not NRRD.begins(start):
        return damaged(file, NRRD, _raw(file, neighbours)) if _is_apart(file) else None
    end = _END.search(start)
    head = start[: end.start()] if end else start
    fields = _fields(head.decode("ascii", "replace"))
    named = fields.get("data file") or fields.get("datafile")
    if named is None:
        if _is_apart(file):
            return _without_name(file, neighbours)
        return _attached(file, fields, end.end() if end else 0)
    return _named(file, fields, _listed(named, head), named, neighbours)


def _named(
    file: FoundFile,
    fields: dict[str, str],
    names: Sequence[str],
    named: str,
    neighbours: Neighbours,
) -> FilesetCandidate:
    """Make the set of a header that names the files of its pixels, as ``named`` says."""
    files, problems = [file], list[SourceProblem]()
    if (
        named.split(maxsplit=1)[0].upper() == "LIST"
        or "%" in named
        or "/" in named
        or "\\" in named
    ):
        problems.append(_several(file))
    for name in names:
        found = neighbours.named(file, name)
        if found is not None:
            files.append(found)
        else:
            problems.insert(0, _missing(file, name))
    if not problems and files[1].name != names[0]:
        problems.append(_other_case(files[1], names[0]))
    if not problems and _short(fields, files[1].size_bytes):
        problems.append(_cut(files[1]))
    return FilesetCandidate(file.name, tuple(files), NRRD, tuple(problems))


def _is_apart(file: FoundFile) -> bool:
    """Say whether the pixels must be in another file, by the name of the header."""
    return file.path.suffix.lower() == ".nhdr"


def _raw(file: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    """Return what is called as the pixels of a header mostly are."""
    names = (f"{file.path.stem}{suffix}" for suffix in (".raw", ".raw.gz"))
    beside = (neighbours.exactly(file, name) for name in names)
    return [one for one in beside if one is not None]


def _without_name(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate:
    problem = MissingCompanion(
        f"'{file.name}' does not say where its pixels are ('data file' is missing). Copy it"
        " again, or save it again as one .nrrd file."
    )
    return FilesetCandidate(file.name, (file, *_raw(file, neighbours)), NRRD, (problem,))


def _attached(file: FoundFile, fields: dict[str, str], at: int) -> FilesetCandidate:
    is_cut = not at or _short(fields, file.size_bytes - at)
    return FilesetCandidate(file.name, (file,), NRRD, (_cut(file),) if is_cut else ())


def _fields(text: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in pairs if name[:1] != "#"}


def _is_list(named: str) -> bool:
    return named.upper().startswith("LIST")


def _listed(named: str, head: bytes) -> list[str]:
    """Return the names of data files: one, those of a list, or those of a pattern."""
    if _is_list(named):
        lines = head.decode("utf-8", "replace").splitlines()
        at = next(i for i, line in enumerate(lines) if line.lower().startswith("data"))
        return [line.strip() for line in lines[at + 1 :] if line.strip()]
    found = _PATTERN.fullmatch(named) if len(named) < _MAX_NAME_LETTERS else None
    if found is None or found[1].count("%") != 1:
        return [named]
    first, last, step = (int(found[at]) for at in (2, 3, 4))
    if step == 0 or abs(last - first) > _MOST_FILES:
        return [named]
    return [found[1] % n for n in range(first, last + (1 if step > 0 else -1), step)]


def _short(fields: dict[str, str], size: int) -> bool:
    """Say whether raw pixels are fewer than the sizes ask for."""
    if fields.get("encoding", "").lower() != "raw" or "byte skip" in fields:
        return False
    kind = fields.get("type", "").lower()
    width = next((n for n, names in _BYTES if re.fullmatch(names, kind)), 0)
    sizes = fields.get("sizes", "").split()
    are_sizes = all(re.fullmatch(r"\d{1,9}", text) for text in sizes)
    return are_sizes and prod(map(int, sizes)) * width > size


def _several(file: FoundFile) -> SourceProblem:
    return SourceProblem(
        f"'{file.name}' names its pixels in several files or another folder, which the"
        " image repository cannot read. Save it as one .nrrd file."
    )


def _missing(file: FoundFile, name: str) -> MissingCompanion:
    return MissingCompanion(
        f"'{file.name}' has its pixels in '{name}', which is missing. Put it beside the"
        " header, then drop both."
    )


def _other_case(file: FoundFile, name: str) -> SourceProblem:
    return SourceProblem(
        f"'{file.name}' is not found by that name on the server. Rename it to '{name}',"
        " then retry."
    )


def _cut(file: FoundFile) -> DamagedFile:
    return DamagedFile(
        f"'{file.name}' is not complete: its end is cut off. Copy or export it again."
    )


FAMILY = Family("NRRD", (".nhdr", ".nrrd"), collect)
