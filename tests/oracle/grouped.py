"""Compare filesets: files in order, the one to open first, and whether they are plates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.oracle.answers import FolderAnswer
from tests.oracle.comparing import NOTHING, Difference
from tests.oracle.table import FILESETS
from transferapp.cli.scanned import scan
from transferapp.formats.omero import omero_formats
from transferapp.intake.preflight import PreflightSettings, Severity

#: Files in their order, and whether they are a plate.
Made = tuple[tuple[str, ...], bool]
_SHOWN = 3


def for_omero(folder: Path) -> list[Made]:
    """Return the filesets that ``transferapp scan --reads omero`` does not block."""
    found = scan([folder], PreflightSettings(still_writing_s=0, target=omero_formats()))
    kept = [one for one in found.filesets if one.verdict != Severity.BLOCKED]
    return [(tuple(one.files), one.plate) for one in kept]


def of_bio_formats(answer: FolderAnswer) -> list[Made]:
    """Return its filesets."""
    return [(one.used, one.plate) for one in answer.sets]


def differences(ours: list[Made], theirs: list[Made]) -> Iterator[Difference]:
    """Yield what differs: a set of theirs with all of ours that share its files, or alone."""
    left = [one for one in ours if one not in theirs]
    for other in theirs:
        if other not in ours:
            same = [one for one in left if set(one[0]) & set(other[0])]
            left = [one for one in left if one not in same]
            yield Difference(other[0][0], FILESETS, _text(same), _text([other]))
    for one in left:
        yield Difference(one[0][0], FILESETS, _text([one]), NOTHING)


def _text(made: list[Made]) -> str:
    return "; ".join(_one_fileset(files, plate) for files, plate in made) or NOTHING


def _one_fileset(files: tuple[str, ...], plate: bool) -> str:
    names = [path.rpartition("/")[2] for path in files[:_SHOWN]]
    more = [f"{len(files) - _SHOWN} more"] if len(files) > _SHOWN else []
    return ("plate: " if plate else "") + " + ".join(names + more)
