"""Which files belong together, as OMERO's importer lets Bio-Formats say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from transferapp.bioformats.port import BioFormats, UsedFiles
from transferapp.errors import SourceProblem


@dataclass(frozen=True, slots=True)
class Grouping:
    """Filesets by the file that opens them, and why others were not read."""

    filesets: dict[Path, UsedFiles] = field(default_factory=dict)
    not_read: dict[Path, SourceProblem] = field(default_factory=dict)


def group(bio_formats: BioFormats, files: Iterable[Path]) -> Grouping:
    """Ask for each file which others it uses; one that another fileset uses opens none.

    Give the files as a walk finds them: sorted, four folders deep, no dot files.

    A file that hangs costs only itself. Raises Unavailable.
    """
    found = Grouping()
    for file in files:
        try:
            found.filesets[file] = bio_formats.used(file)
        except SourceProblem as problem:
            found.not_read[file] = problem
        else:
            bio_formats.forget(file)
    return Grouping(together(found.filesets), found.not_read)


def together(answers: Mapping[Path, UsedFiles]) -> dict[Path, UsedFiles]:
    """Return the answers that make filesets, by the file that opens each.

    Of files that use each other the first one opens. Source: ome/omero-blitz,
    ImportCandidates (5.6).
    """
    order = {file: number for number, file in enumerate(answers)}
    users: dict[Path, list[Path]] = {}
    for user, used in answers.items():
        for file in used.files:
            users.setdefault(file, []).append(user)

    def belongs_to_another(file: Path) -> bool:
        own = set(answers[file].files)
        others = (user for user in users.get(file, ()) if user != file)
        return any(user not in own or order[user] < order[file] for user in others)

    return {f: used for f, used in answers.items() if not belongs_to_another(f)}
