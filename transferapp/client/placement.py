"""Where a fileset of an export goes: chosen as a whole, before its first byte.

A fileset of one file is that file; one of more files is a folder, whose inside is kept
exactly, because the files name each other. Only the folder may get another name, never a
file: a renamed OME-TIFF or CZI beside its namesake is read as a part of it (Bio-Formats
7.3.1 takes ``x (2).czi`` for the second half of ``x.czi``).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from pathlib import PurePath, PurePosixPath

from transferapp.client.names import (
    folder_name,
    local_path,
    part_name,
    split_ending,
)
from transferapp.errors import NameNotAllowed
from transferapp.host.storable_names import extended_name, same_name

#: Beside ``x.czi`` Bio-Formats reads it as a further part, so it gets a folder in any case.
_PART_OF_CZI = re.compile(r"\(.*\)\.czi$", re.IGNORECASE)


_TAG_LENGTH = 80

#: Names that can tell a fileset from another of the same name: the first file's, then those
#: of the folders above the fileset, the nearest first.
Distinguishing = tuple[str, ...]


class PlacementStage(StrEnum):
    """How far a placement is."""

    #: Nothing is on disk.
    PLANNED = "planned"
    #: Its files arrive in its hidden part.
    GROWING = "growing"
    #: It is complete and about to get its name.
    MOVING = "moving"
    #: It has its name.
    PLACED = "placed"


@dataclass(frozen=True, slots=True)
class PlacedFileset:
    """What a fileset looks like on disk, whatever it is called there.

    ``inside`` are the files' paths in the fileset's folder, in order.
    """

    name: str
    inside: tuple[PurePath, ...]
    distinguishing: Distinguishing = ()
    #: It is one file, not a folder with files.
    single: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one item goes: ``part`` is a name in the destination, ``name`` in ``folder``."""

    wanted: str
    single: bool
    distinguishing: Distinguishing
    #: What tells it from others of its export that want the same name; often empty.
    tag: str
    name: str
    #: The hidden folder that its files arrive in.
    part: str
    stage: PlacementStage = PlacementStage.PLANNED
    #: Folders below the destination, the outermost as its export wants it to be called.
    folder: tuple[str, ...] = ()

    @property
    def is_file(self) -> bool:
        """``name`` is the file itself, not a folder with it inside."""
        return self.single and self.name == self.wanted

    def names(self) -> Iterator[str]:
        """Yield the names it could have, the best first, without end."""
        stem, ending = split_ending(self.wanted, is_folder=not self.single)
        if self.single:
            ending = ""
        if self.tag:
            tagged = extended_name(stem, self.tag, ending)
            stem = tagged.removesuffix(ending)
            yield tagged
        elif self.single and _PART_OF_CZI.search(self.wanted):
            yield stem
        else:
            yield self.wanted
        for number in count(2):
            yield extended_name(stem, str(number), ending)

    def anew(self) -> Placement:
        """Return it with another part, and nothing of it on disk."""
        part = part_name(self.wanted, secrets.token_hex(4))
        return replace(self, part=part, stage=PlacementStage.PLANNED)


def fileset(name: str, client_paths: Sequence[str]) -> PlacedFileset:
    """Say what an item with these files looks like; raises NameNotAllowed.

    The name is that of the folder that all files share, or of the only file. Files that
    share no folder get one that is named after the first of them, or after the item.
    """
    paths = [PurePosixPath(*path.split("/")) for path in client_paths]
    root = _shared_folder(paths)
    if len(paths) == 1 and not _in_zarr(root):
        lone = local_path(paths[0].name)
        distinguishing = (str(lone), *_names_above(paths[0]))
        return PlacedFileset(str(lone), (lone,), distinguishing, single=True)
    inside = tuple(local_path(path.relative_to(root).as_posix()) for path in paths)
    _must_be_apart(inside)
    stem, _ = split_ending(paths[0].name, is_folder=False)
    wanted = str(local_path(root.name)) if root.name else folder_name(stem or name)
    return PlacedFileset(wanted, inside, (stem, *_names_above(root)))


def field_of_plate(name: str, client_paths: Sequence[str], field: str) -> PlacedFileset:
    """Say what an OME-Zarr looks like that is a field of a plate: its inside stands under the
    field's path, and what was made beside it (annotation files) as well. Raises
    NameNotAllowed.
    """
    made = fileset(name, client_paths)
    zarrs = {path.parts[0] for path in made.inside if len(path.parts) > 1}
    if split_ending(made.name, is_folder=True)[1] or len(zarrs) != 1:
        return replace(made, name=folder_name(field), distinguishing=())
    [zarr] = zarrs
    inside = tuple(
        path.relative_to(zarr) if path.parts[0] == zarr else path for path in made.inside
    )
    _must_be_apart(inside)
    return PlacedFileset(folder_name(field), inside)


def plan(
    wanted: PlacedFileset,
    tag: str,
    is_taken: Callable[[str], bool],
    folder: tuple[str, ...] = (),
) -> Placement:
    """Choose where a fileset goes in a folder; ``tag`` tells it from others that want the same
    name there.
    """
    draft = Placement(
        wanted.name,
        wanted.single,
        wanted.distinguishing,
        tag,
        wanted.name,
        "",
        folder=folder,
    ).anew()
    return replace(draft, name=next(name for name in draft.names() if not is_taken(name)))


def disambiguate(same: Iterable[Distinguishing]) -> dict[Distinguishing, str]:
    """Return a tag for each of the filesets of an export that want the same name.

    It is the shortest part of where they come from that differs: the folder above them, or
    one further up, several of them, or the first file's name. Empty where there is only
    one, and for those that nothing tells apart.
    """
    group = list(dict.fromkeys(same))
    levels = _levels(group) if len(group) > 1 else ()
    differing = [level for level in levels if len({_folded(t, level) for t in group}) > 1]
    # From the outermost folder to the nearest, then the file.
    order = sorted(differing, reverse=True)
    return {
        distinguishing: _storable(
            " ".join(distinguishing[level] for level in order if level < len(distinguishing))
        )
        for distinguishing in group
    }


def _levels(group: Sequence[Distinguishing]) -> tuple[int, ...]:
    """Return which of their names, taken together, are different for each."""
    deepest = max(map(len, group))
    above = [tuple(range(1, depth)) for depth in range(2, deepest + 1)]
    single = [(level,) for level in (*range(1, deepest), 0)]
    for levels in (*single, *above, *((0, *levels) for levels in above)):
        found = {
            tuple(_folded(distinguishing, level) for level in levels)
            for distinguishing in group
        }
        if len(found) == len(group):
            return levels
    return ()


def _folded(distinguishing: Distinguishing, level: int) -> str:
    return same_name(distinguishing[level]) if level < len(distinguishing) else ""


def _storable(tag: str) -> str:
    try:
        return folder_name(tag)[-_TAG_LENGTH:].strip()
    except NameNotAllowed:
        return ""


def _shared_folder(paths: Sequence[PurePosixPath]) -> PurePosixPath:
    """Return the folder that has all files, or the Zarr that this folder is in."""
    shared = paths[0].parent
    while not all(path.is_relative_to(shared) for path in paths):
        shared = shared.parent
    zarr = [folder for folder in (shared, *shared.parents) if _in_zarr(folder)]
    return zarr[-1] if zarr else shared


def _in_zarr(folder: PurePosixPath) -> bool:
    return bool(split_ending(folder.name, is_folder=True)[1])


def _names_above(path: PurePosixPath) -> list[str]:
    return [folder.name for folder in path.parents if folder.name]


def _must_be_apart(inside: Sequence[PurePath]) -> None:
    """Raise NameNotAllowed when two files would be one, or one a folder with another."""
    files = set(inside)
    folders = {folder for path in inside for folder in path.parents}
    if len(files) < len(inside) or files & folders:
        raise NameNotAllowed(
            "Two files of this image would have the same path on this computer, so nothing was"
            " written. Tell your administrator which image it is."
        )
