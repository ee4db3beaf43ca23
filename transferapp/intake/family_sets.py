"""Make the sets of all families: those that are whole first, then those with a fault."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from transferapp.errors import Cancelled, DamagedFile
from transferapp.formats.side_files import is_side_name
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.contents import head
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile


@dataclass(slots=True)
class FamilySets:
    """The sets of all families; each file is in one at most."""

    sets: list[FilesetCandidate] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    #: Indexes that cannot say which images beside them, or below, are theirs.
    silent: list[FoundFile] = field(default_factory=list)


def family_sets(
    openers: Sequence[FoundFile],
    families: Sequence[Family],
    neighbours: Neighbours,
    cancel: threading.Event | None,
) -> FamilySets:
    """Make the sets that an index or a first file tells of; raises Cancelled."""
    done, faulty = FamilySets(), list[tuple[FilesetCandidate, FoundFile, Family]]()
    for made, file, family in _collected(openers, families, neighbours, cancel, done.taken):
        if made.problems:
            # An index that is whole may name some of its files, and then it has them.
            faulty.append((made, file, family))
        elif not any(one.place in done.taken for one in made.files):
            _take(made, done)
    for made, file, family in faulty:
        left = _left_of(made, file, done)
        if left is not None:
            _take(left, done)
            if family.names_any and _is_silent(left):
                done.silent.append(file)
    return done


def _collected(
    openers: Sequence[FoundFile],
    families: Sequence[Family],
    neighbours: Neighbours,
    cancel: threading.Event | None,
    taken: Collection[str],
) -> Iterator[tuple[FilesetCandidate, FoundFile, Family]]:
    """Yield what each family makes of the files that are not ``taken`` meanwhile."""
    for family in families:
        for file in openers:
            if file.place in taken or not _reported_by(family, file, neighbours):
                continue
            if cancel is not None and cancel.is_set():
                raise Cancelled
            with suppress(OSError):  # Preflight says it, of the file alone.
                made = family.collect(file, neighbours)
                if made is not None:
                    yield made, file, family


def _take(made: FilesetCandidate, done: FamilySets) -> None:
    done.sets.append(of_one_root(made))
    done.taken.update(file.place for file in made.files)


def of_one_root(made: FilesetCandidate) -> FilesetCandidate:
    """Give the files of a set client paths from one root: files that were dropped one by one,
    from several folders, would lose their places to each other.
    """
    ends = [(file.place, file.client_path.replace("/", os.sep)) for file in made.files]
    fronts = {place.removesuffix(end) for place, end in ends}
    if len(fronts) == 1 or not all(place.endswith(end) for place, end in ends):
        return made
    top = min(fronts, key=len)
    while top != os.sep and not all(place.startswith(top) for place, _ in ends):
        top = top.rstrip(os.sep).rpartition(os.sep)[0] + os.sep
    files = (
        replace(file, client_path=file.place.removeprefix(top).replace(os.sep, "/"))
        for file in made.files
    )
    return replace(made, files=tuple(files))


def _left_of(
    made: FilesetCandidate, index: FoundFile, done: FamilySets
) -> FilesetCandidate | None:
    """Return what other sets left of a set with a fault; None when it need not be told."""
    files = tuple(file for file in made.files if file.place not in done.taken)
    if len(files) == len(made.files):
        return made
    is_damaged = any(isinstance(problem, DamagedFile) for problem in made.problems)
    if index not in files or not is_damaged or is_side_name(index.name):
        return None
    return replace(made, files=files)


def _is_silent(made: FilesetCandidate) -> bool:
    is_damaged = any(isinstance(problem, DamagedFile) for problem in made.problems)
    return is_damaged or len(made.files) == 1


def _reported_by(family: Family, file: FoundFile, neighbours: Neighbours) -> bool:
    """Say whether a file may tell of a set, by its name or else by its first bytes."""
    if family.reports_of_a_set(file.name):
        return True
    return family.begins is not None and family.begins(head(file, neighbours))


def reported_of_silent(
    some: Iterable[list[FilesetCandidate]], indexes: Sequence[FoundFile]
) -> Iterator[list[FilesetCandidate]]:
    """Pass on filesets; those beside an index that cannot say what belongs to it, or in
    folders there, with a doubt.
    """
    if not indexes:
        yield from some
        return
    folders = [(index.place.rpartition(os.sep)[0] + os.sep, index) for index in indexes]
    for made in some:
        yield [_doubted(one, folders) for one in made]


def _doubted(
    made: FilesetCandidate, folders: Sequence[tuple[str, FoundFile]]
) -> FilesetCandidate:
    place = made.files[0].place if made.files else ""
    near = (index for folder, index in folders if place.startswith(folder))
    index = next(near, None)
    if index is None:
        return made
    return replace(made, doubts=(*made.doubts, doubt_texts.may_belong(made.name, index)))
