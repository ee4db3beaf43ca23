"""Duplicates: what the repository already holds of files that are about to be imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from transferapp.model.filesets import PlannedFile

#: Bytes at either end of a file that are compared where reading all of it takes too long.
END_BYTES = 1 << 20


def end_spans(size_bytes: int) -> tuple[tuple[int, int], ...]:
    """Return (offset, length) of a file's ends. Of a file of up to 2 MiB they are all of it,
    so that the SHA-1 of the ends is the SHA-1 of the file.
    """
    if size_bytes <= 2 * END_BYTES:
        return ((0, size_bytes),)
    return ((0, END_BYTES), (size_bytes - END_BYTES, END_BYTES))


class Likeness(StrEnum):
    """How sure it is that a held file is the same one."""

    #: The same SHA-1: the same bytes.
    BYTES = "same-bytes"
    #: The same client path and size, and the same first and last MiB. Others may lie between
    #: them: a mask that was corrected in its middle.
    ENDS = "same-ends"
    #: The same client path and the same size; the bytes were not compared. That says little:
    #: every run of a microscope writes ``Pos0/img_0.tif`` of the same size.
    PATH = "same-path"


@dataclass(frozen=True, slots=True)
class SoughtFile:
    """A file that may be held. ``ends`` is the SHA-1 of its ends, empty where not known."""

    planned: PlannedFile
    ends: str = ""


@dataclass(frozen=True, slots=True)
class DuplicateFileset:
    """A fileset with images that the asking person sees; ``places`` name where they are."""

    id: int
    owner: str
    image_ids: tuple[int, ...]
    places: tuple[str, ...] = ()
    #: All its files: some of them alone would make other images.
    file_count: int = 1

    @property
    def where(self) -> str:
        """Name an image of it and a place: ``Image:12 and 3 more (Monday)``."""
        count = len(self.image_ids) - 1
        more = f" and {count:,} more" if count else ""
        place = f" ({self.places[0]})" if self.places else ""
        return f"Image:{self.image_ids[0]}{more}{place}"


@dataclass(frozen=True, slots=True)
class DuplicateOriginal:
    """An original file; ``sha1`` is empty where the repository keeps another checksum."""

    id: int
    sha1: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One planned file that a fileset already holds; ``original`` is what that has at the
    file's path with its size, also where the bytes were found elsewhere in it.
    """

    file: PlannedFile
    likeness: Likeness
    fileset: DuplicateFileset
    original: DuplicateOriginal | None = None

    @property
    def is_in_place(self) -> bool:
        """Say whether it lies at the file's path: the bytes of a set's files elsewhere make
        another image (a mask of which two chunks were exchanged).
        """
        if self.likeness is not Likeness.BYTES:
            return True
        return self.original is not None and self.original.sha1 == self.file.sha1


@dataclass(frozen=True, slots=True)
class DuplicateMatch:
    """The filesets that hold every file of one item, and how sure that is: of several files
    each at its place.
    """

    same_bytes: tuple[DuplicateFileset, ...] = ()
    same_ends: tuple[DuplicateFileset, ...] = ()
    same_paths: tuple[DuplicateFileset, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return bool(self.same_bytes or self.same_ends or self.same_paths)


@dataclass(slots=True)
class Hits:
    """What a repository found: fileset ids by SHA-1, and by (client path, size) of each
    fileset its original file.
    """

    by_sha1: dict[str, set[int]] = field(default_factory=dict)
    by_path: dict[tuple[str, int], dict[int, DuplicateOriginal]] = field(default_factory=dict)

    def of(self, file: PlannedFile) -> dict[int, Likeness]:
        """Return the filesets that hold a file, the surer likeness counts; by fileset id."""
        bytes_in = self.by_sha1.get(file.sha1, set()) if file.sha1 else set()
        found = bytes_in | self._at(file).keys()
        return {
            one: Likeness.BYTES if one in bytes_in else Likeness.PATH for one in sorted(found)
        }

    def fileset_ids(self, files: Iterable[PlannedFile]) -> list[int]:
        """Return all filesets that hold any of the files, sorted."""
        return sorted({one for file in files for one in self.of(file)})

    def duplicates(
        self, files: Iterable[PlannedFile], duplicates: Mapping[int, DuplicateFileset]
    ) -> list[Duplicate]:
        """List them in the order of ``files``; filesets that are not ``held`` do not count."""
        return [
            Duplicate(file, likeness, duplicates[one], self._at(file).get(one))
            for file in files
            for one, likeness in self.of(file).items()
            if one in duplicates
        ]

    def _at(self, file: PlannedFile) -> dict[int, DuplicateOriginal]:
        return self.by_path.get((file.client_path, file.size_bytes), {})
