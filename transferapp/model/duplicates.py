"""Duplicates: what the repository already holds of files that are about to be imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from transferapp.model.filesets import PlannedFile


class Likeness(StrEnum):
    """How sure it is that a held file is the same one."""

    #: The same SHA-1: the same bytes.
    BYTES = "same-bytes"
    #: The same client path and the same size; the bytes were not compared.
    PATH = "same-path"


@dataclass(frozen=True, slots=True)
class HeldFileset:
    """A fileset with images that the asking person sees; ``places`` name where they are."""

    id: int
    owner: str
    image_ids: tuple[int, ...]
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One planned file that a fileset already holds."""

    file: PlannedFile
    likeness: Likeness
    fileset: HeldFileset


@dataclass(frozen=True, slots=True)
class HeldAlready:
    """The filesets that hold every file of one item, and how sure that is."""

    same_bytes: tuple[HeldFileset, ...] = ()
    same_paths: tuple[HeldFileset, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return bool(self.same_bytes or self.same_paths)


@dataclass(slots=True)
class Hits:
    """Fileset ids that a repository found, by SHA-1 and by (client path, size)."""

    by_sha1: dict[str, set[int]] = field(default_factory=dict)
    by_path: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    def of(self, file: PlannedFile) -> dict[int, Likeness]:
        """Return the filesets that hold a file, the surer likeness counts; by fileset id."""
        bytes_in = self.by_sha1.get(file.sha1, set()) if file.sha1 else set()
        found = bytes_in | self.by_path.get((file.client_path, file.size_bytes), set())
        return {
            one: Likeness.BYTES if one in bytes_in else Likeness.PATH for one in sorted(found)
        }

    def fileset_ids(self, files: Iterable[PlannedFile]) -> list[int]:
        """Return all filesets that hold any of the files, sorted."""
        return sorted({one for file in files for one in self.of(file)})

    def duplicates(
        self, files: Iterable[PlannedFile], held: Mapping[int, HeldFileset]
    ) -> list[Duplicate]:
        """List them in the order of ``files``; filesets that are not ``held`` do not count."""
        return [
            Duplicate(file, likeness, held[one])
            for file in files
            for one, likeness in self.of(file).items()
            if one in held
        ]
