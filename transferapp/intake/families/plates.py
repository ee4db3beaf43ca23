"""Make the filesets of plates from what their index files name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from transferapp.errors import SourceProblem
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.neighbours import Neighbours, found_and_absent
from transferapp.intake.scanning import FoundFile

#: The last is that of drives.
_SEPARATORS = frozenset("/\\:")


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image that an index names, and its place in the order of the set."""

    name: str
    place: tuple[int, ...]


def plate(
    index: FoundFile,
    kind: ImageFormat,
    named: Iterable[NamedImage],
    find: Callable[[str], FoundFile | None],
    before: Sequence[FoundFile] = (),
) -> FilesetCandidate:
    """Make the set of an index: the index, the files that come ``before`` the images, and
    the images in the order of their places.
    """
    names = (image.name for image in sorted(named, key=lambda one: one.place))
    found, absent = found_and_absent(names, find)
    return judged(index, kind, (index, *before, *found), len(found), absent)


def judged(
    index: FoundFile,
    kind: ImageFormat,
    files: Sequence[FoundFile],
    found: int,
    absent: Sequence[str],
) -> FilesetCandidate:
    """Make a set of these files, with what is to be said of images that are not there."""
    name = index.name
    if not found:
        example = absent[0] if absent else "any .tif"
        problem = doubt_texts.no_images(index, example)
        return FilesetCandidate(name, tuple(files), kind, (problem,), plate=True)
    doubts = (doubt_texts.absent(absent, index),) if absent else ()
    return FilesetCandidate(name, tuple(files), kind, doubts=doubts, plate=True)


def kept_together(
    index: FoundFile, kind: ImageFormat, files: Sequence[FoundFile], stated: str | SourceProblem
) -> FilesetCandidate:
    """Make a set of an index that cannot be read and all that belongs to it by its name.

    ``said`` is a doubt, or the problem that forbids the import.
    """
    problems = (stated,) if isinstance(stated, SourceProblem) else ()
    doubts = (stated,) if isinstance(stated, str) else ()
    name = index.name
    return FilesetCandidate(name, (index, *files), kind, problems, doubts, plate=True)


def never_torn(made: FilesetCandidate, members: Sequence[FoundFile]) -> FilesetCandidate:
    """Put the files that belong to an index by their names alone into its set, where the
    index cannot say it.
    """
    known = {file.place for file in made.files}
    others = (file for file in members if file.place not in known)
    return replace(made, files=(*made.files, *others))


def named_exactly(
    made: FilesetCandidate | None, index: FoundFile, right: str
) -> FilesetCandidate | None:
    """Refuse a set whose index Bio-Formats finds by another case of its letters only."""
    if made is None or made.problems or index.name == right:
        return made
    return replace(made, problems=(doubt_texts.misnamed(index.name, right),))


def small_endings(
    made: FilesetCandidate, index: FoundFile, images: Iterable[FoundFile]
) -> FilesetCandidate:
    """Refuse a set whose images Bio-Formats does not find, as their ``.TIF`` is in capitals."""
    capitals = [file.name for file in images if not file.name.endswith(".tif")]
    if not capitals:
        return made
    return replace(made, problems=(*made.problems, doubt_texts.in_capitals(capitals, index)))


def below_the_index(
    index: FoundFile, neighbours: Neighbours
) -> Callable[[str], FoundFile | None]:
    """Look files up by the names in an index: in its folder, with slashes of either kind.

    The letters' case counts, as for Bio-Formats on the server. A name that leads out of the
    folder is not followed.
    """
    folder = index.path.parent

    def find(name: str) -> FoundFile | None:
        if _SEPARATORS.isdisjoint(name):
            return neighbours.find(index, folder / name)
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0]:
            return None
        return neighbours.find(index, folder.joinpath(*parts))

    return find


def in_code_order(files: Iterable[FoundFile]) -> list[FoundFile]:
    """Sort files by their names as Java sorts them: capitals before small letters."""
    return sorted(files, key=lambda file: file.name)


def one_folder_down(
    index: FoundFile,
    neighbours: Neighbours,
    top: Path,
    skips: Callable[[Path], bool] = lambda _folder: False,
) -> list[FoundFile]:
    """Return the files in a folder and right in the folders there, as Bio-Formats lists them:
    by name, a folder's files in its place. ``skips`` leaves folders out.
    """
    groups = {file.name: [file] for file in neighbours.listing(index, top)}
    for folder in neighbours.folders(top):
        if not skips(folder):
            groups[folder.name] = in_code_order(neighbours.listing(index, folder))
    return [file for name in sorted(groups) for file in groups[name]]


def is_below_the_drop(index: FoundFile, folder: Path) -> bool:
    """Say whether a folder above an index is, or lies in, what was dropped."""
    up = len(index.path.parent.parts) - len(folder.parts)
    return len(PurePosixPath(index.client_path).parts) - 1 > up
