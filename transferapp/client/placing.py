"""Bring a fileset of an export into its folder as one object: first hidden, then whole.

Its files arrive in a hidden folder, its *part*, and only the complete part gets the name, by
a call that fails when the name is taken (a rename that replaces nothing; where the disk has
none, mkdir and link). So two exports, also of two services, never write into one object.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePath

from transferapp.client.names import part_name
from transferapp.client.placement import Placement, PlacementStage
from transferapp.errors import Internal
from transferapp.host.folders import OpenFolder

#: What a rename says when the folder that it should replace is not empty, or is one that
#: this file system replaces never.
_NOT_REPLACED = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.EACCES, errno.EPERM})


_BATCH_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file that belongs to the fileset; ``sha1`` is empty where none is known."""

    id: str
    inside: PurePath
    size_bytes: int
    sha1: str


def begin(root: OpenFolder, placement: Placement) -> Placement:
    """Make the part; returned with another one when others have taken its name.

    May be repeated: a part of our own is the one that an earlier try has made.
    """
    while True:
        try:
            root.make(placement.part).close()
        except FileExistsError:
            if not root.holds(placement.part, folder=True):
                placement = placement.anew()
                continue
        return placement


def missing(
    root: OpenFolder, placement: Placement, files: Iterable[PlacedFile]
) -> list[PlacedFile] | None:
    """Return the files that are not in the part; None when there is no part."""
    if not root.holds(placement.part, folder=True):
        return None
    with root.enter(placement.part) as part:
        return [file for file in files if not _holds(part, file)]


def is_placed(into: OpenFolder, placement: Placement, files: Iterable[PlacedFile]) -> bool:
    """Say whether a fileset that was about to get its name has got it; reads every byte.

    A crash between the renaming and the remembering leaves that open.
    """
    if placement.is_file:
        return all(_has(into, placement.name, file) for file in files)
    if not into.holds(placement.name, folder=True):
        return False
    with into.enter(placement.name) as folder:
        return all(_holds(folder, file, read=True) for file in files)


def put_whole(
    root: OpenFolder,
    into: OpenFolder,
    placement: Placement,
    is_taken: Callable[[str], bool],
    remember: Callable[[Placement], None],
) -> Placement:
    """Give a complete part in ``root`` its name in ``into``, or the next one when that has been
    taken meanwhile.

    ``remember`` is called with each name before it is tried. Raises Internal when no name is
    left.
    """
    begun = placement.name if placement.stage is PlacementStage.MOVING else ""
    for name in _names_from(placement, is_taken):
        tried = replace(placement, name=name, stage=PlacementStage.MOVING)
        remember(tried)
        claim = _claim_file if tried.is_file else _claim_folder
        with suppress(FileExistsError):
            claim(root, into, tried, again=name == begun)
            for folder in (into, root):
                folder.sync()
            return replace(tried, stage=PlacementStage.PLACED)
    raise Internal


def write_whole(folder: OpenFolder, name: str, key: str, pieces: Iterable[bytes]) -> None:
    """Write a file of our own in one step, in place of the one before; ``key`` is of its hidden
    name meanwhile. Raises OSError, DestinationUnwritable.
    """
    part = part_name(name, key)
    with os.fdopen(folder.grow(part), "ab", buffering=_BATCH_BYTES) as file:
        file.truncate(0)
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    folder.move(part, folder, name)
    folder.sync()


def tidy(root: OpenFolder, placement: Placement) -> None:
    """Remove what a crash has left of a part whose fileset has its name."""
    with suppress(OSError):
        root.remove_folder(placement.part)
    root.sync()


def discard(root: OpenFolder, placement: Placement, files: Sequence[PlacedFile]) -> None:
    """Delete what has arrived of a fileset that is not wanted any more."""
    if placement.part != placement.name:
        root.remove_folder(placement.part, with_content=True)
        return
    # Begun by an older release right under its name: only unfinished files go.
    with root.enter(placement.part) as folder:
        for file in files:
            above, part = file.inside.parent.parts, part_name(file.inside.name, file.id)
            with suppress(FileNotFoundError), folder.below(above, make=False) as inner:
                inner.remove(part)


def adopt(root: OpenFolder, placement: Placement, file: PlacedFile) -> None:
    """Take over what an older release has begun of a lone file, right in the destination."""
    old = part_name(file.inside.name, file.id)
    if placement.single and root.holds(old, folder=False):
        with root.enter(placement.part) as part:
            root.move(old, part, old)


def _names_from(placement: Placement, is_taken: Callable[[str], bool]) -> Iterator[str]:
    yield placement.name
    for name in placement.names():
        if name != placement.name and not is_taken(name):
            yield name


def _claim_file(
    root: OpenFolder, into: OpenFolder, placement: Placement, *, again: bool
) -> None:
    """Raises FileExistsError. ``again``: a try before this one may have got half-way."""
    name = placement.name
    with root.enter(placement.part) as part:
        if again and _is_one_file(part.check(name), into.check(name)):
            part.remove(name)
        else:
            part.place(name, into, name)
    root.remove_folder(placement.part, with_content=True)


def _claim_folder(
    root: OpenFolder, into: OpenFolder, placement: Placement, *, again: bool
) -> None:
    """Raises FileExistsError. ``again``: an empty folder may be the claim of an earlier try."""
    name, part = placement.name, placement.part
    if part == name or root.rename_new(part, into, name):
        return
    # Making the folder claims the name. Renaming the part onto it replaces it in one step,
    # and fails when anything is in it: whoever is second chooses another name.
    try:
        into.make(name).close()
    except FileExistsError:
        if not (again and into.holds(name, folder=True)):
            raise
    try:
        root.move(part, into, name)
    except OSError as error:
        if error.errno not in _NOT_REPLACED:
            raise
        # Some network shares do not replace a folder: the gap between the two is tiny.
        try:
            into.remove_folder(name)
        except OSError as left:
            raise FileExistsError(left.errno, left.strerror, name) from left
        root.move(part, into, name)


def _is_one_file(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    if one is None or other is None:
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _holds(top: OpenFolder, file: PlacedFile, *, read: bool = False) -> bool:
    """Say whether a file is there, by its size, or by its content."""
    name = file.inside.name
    with suppress(FileNotFoundError), top.below(file.inside.parent.parts, make=False) as folder:
        if read:
            return _has(folder, name, file)
        found = folder.check(name)
        return (
            found is not None
            and stat.S_ISREG(found.st_mode)
            and found.st_size == file.size_bytes
        )
    return False


def _has(folder: OpenFolder, name: str, file: PlacedFile) -> bool:
    sha1 = folder.sha1(name, file.size_bytes)
    return sha1 is not None and file.sha1 in ("", sha1)
