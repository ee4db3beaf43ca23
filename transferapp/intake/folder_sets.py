"""Sort the files that no family took, folder by folder, and look into them on the way.

An OME-XML names files of its own folder, or leads below it; so what lies in a folder is known
when the folder and those above it were read, and need not wait for the rest.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from transferapp.errors import Cancelled
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.contents import format_of_content
from transferapp.intake.families import doubt_texts
from transferapp.intake.file_sets import Sorting
from transferapp.intake.heads import Heads
from transferapp.intake.name_kinds import FolderNames, NameKind, NameKinds
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

#: So many files are looked into together.
BATCH = 1_000


@dataclass(slots=True)
class Folder:
    """A folder of this computer, with an ending separator, and the files right in it."""

    place: str
    files: list[tuple[FoundFile, NameKind]] = field(default_factory=list)


def by_folder(files: Iterable[FoundFile], kinds: NameKinds) -> list[Folder]:
    """Sort files by their folders; a folder comes before those in it, and they come
    together.
    """
    folders: dict[str, Folder] = {}
    names: dict[str, FolderNames] = {}
    for file in files:
        place, _, name = file.place.rpartition(os.sep)
        folder = folders.get(place)
        if folder is None:
            folder = folders[place] = Folder(f"{place}{os.sep}")
            names[place] = kinds.folder(file.client_path.rpartition("/")[0])
        folder.files.append((file, names[place].of(name)))
    return sorted(folders.values(), key=lambda folder: folder.place)


class FolderSets:
    """Files on their way into filesets, folder by folder."""

    def __init__(
        self,
        folders: Sequence[Folder],
        taken: Collection[str],
        neighbours: Neighbours,
        cancel: threading.Event | None,
    ) -> None:
        """``taken`` are the places of files that are in a set already."""
        self._folders, self._taken = folders, taken
        self._neighbours, self._cancel = neighbours, cancel
        self._heads: Heads | None = None
        #: A folder whose OME-XML leads to files below it, and what is in there.
        self._top = ""
        self._below: list[Folder] = []
        self._sound_below: set[str] = set()

    def filesets(self) -> Iterator[list[FilesetCandidate]]:
        """Yield all filesets, those of some folders at a time."""
        for folders in self._batches():
            self._raise_if_cancelled()
            found: list[FilesetCandidate] = []
            asked = [
                one for folder in folders for one in folder.files if one[1].is_scanned_into
            ]
            sound = self._sound(asked)
            for folder in folders:
                found += self._sets(folder, sound)
            yield found
        yield self._end_of_below()

    def _sound(self, asked: Sequence[tuple[FoundFile, NameKind]]) -> set[str]:
        """Return the places of the files that are surely sound."""
        if not asked:
            return set()
        if self._heads is None:
            self._heads = Heads(BATCH)
        found = self._heads.sound(asked)
        return {file.place for (file, _), is_it in zip(asked, found, strict=True) if is_it}

    def _batches(self) -> Iterator[list[Folder]]:
        batch, count = list[Folder](), 0
        for folder in self._folders:
            files = folder.files
            if self._taken:
                files = [one for one in files if one[0].place not in self._taken]
            batch.append(Folder(folder.place, files))
            count += len(files)
            if count >= BATCH:
                yield batch
                batch, count = [], 0
        if batch:
            yield batch

    def _sets(self, folder: Folder, sound: set[str]) -> list[FilesetCandidate]:
        """Make the filesets of a folder, as far as they are known now."""
        found: list[FilesetCandidate] = []
        if self._top:
            if folder.place.startswith(self._top):
                self._below.append(folder)
                self._sound_below |= sound
                return []
            found = self._end_of_below()
        if not any(
            kind.is_companion or (kind.is_tiff and file.place not in sound)
            for file, kind in folder.files
        ):
            return found + [
                self._alone(file, kind, file.place in sound) for file, kind in folder.files
            ]
        sorting = Sorting(
            [file for file, _ in folder.files], self._neighbours, self._cancel, sound
        )
        sets = list(sorting.sets())
        if sorting.leads_below:
            self._top, self._below, self._sound_below = folder.place, [folder], sound
            return found
        return found + self._finished(sets, [folder], sound)

    def _end_of_below(self) -> list[FilesetCandidate]:
        """Sort what lies in and below a folder whose OME-XML leads there."""
        if not self._top:
            return []
        files = [file for folder in self._below for file, _ in folder.files]
        sorting = Sorting(files, self._neighbours, self._cancel, self._sound_below)
        found = self._finished(sorting.sets(), self._below, self._sound_below)
        self._top, self._below, self._sound_below = "", [], set()
        return found

    def _finished(
        self,
        sets: Iterable[FilesetCandidate],
        folders: Iterable[Folder],
        sound: Collection[str],
    ) -> list[FilesetCandidate]:
        kinds = {file.place: kind for folder in folders for file, kind in folder.files}
        found = []
        for made in sets:
            file, kind = made.files[0], kinds.get(made.files[0].place)
            if len(made.files) == 1 and kind is not None:
                format_ = made.format or self._by_content(file, kind)
                made = replace(made, format=format_, sound=file.place in sound)  # noqa: PLW2901
                made = _reported_if_lone(made, kind)  # noqa: PLW2901
            found.append(made)
        return found

    def _alone(self, file: FoundFile, kind: NameKind, is_sound: bool) -> FilesetCandidate:  # noqa: FBT001
        name = file.place.rpartition(os.sep)[2]
        doubts = () if kind.member_of is None else _lone(name, kind)
        format_ = kind.format or self._by_content(file, kind)
        return FilesetCandidate(name, (file,), format_, (), doubts, False, is_sound)  # noqa: FBT003

    def _by_content(self, file: FoundFile, kind: NameKind) -> ImageFormat | None:
        """Find the format of a file whose name tells none."""
        if not kind.is_recognized_by_content:
            return None
        return format_of_content(file, self._neighbours)

    def _raise_if_cancelled(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled


def _reported_if_lone(candidate: FilesetCandidate, kind: NameKind) -> FilesetCandidate:
    """Add a doubt to an image that is nothing by itself."""
    if kind.member_of is None:
        return candidate
    return replace(candidate, doubts=(*candidate.doubts, *_lone(candidate.name, kind)))


def _lone(name: str, kind: NameKind) -> tuple[str, ...]:
    family = kind.member_of
    return () if family is None else (doubt_texts.lone(name, family.name, family.index),)
