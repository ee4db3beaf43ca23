"""Put files into OMERO's managed repository by links: the file-system part.

A hard link keeps the bytes when the staged file goes. A symbolic link leads to the *vault*,
which holds a hard link to the staged file for as long as OMERO may need it.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from transferapp.host.durability import sync
from transferapp.repositories.omero.managed_folder import location_in
from transferapp.repositories.omero.settings import InPlace, OmeroSettings

#: What OMERO's own importer writes for the same way of bringing files in.
TRANSFERS = {
    InPlace.HARD_LINK: "ome.formats.importer.transfers.HardlinkFileTransfer",
    InPlace.SYMLINK: "ome.formats.importer.transfers.SymlinkFileTransfer",
}
_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_FOLDER_MODE = 0o755


class CannotLink(Exception):
    """In place is not possible for this file; it is uploaded. Never leaves the package."""


@contextmanager
def or_cannot_link() -> Iterator[None]:
    """Turn what the file system refuses into CannotLink."""
    try:
        yield
    except OSError as error:
        raise CannotLink(f"{error.strerror}: {error.filename}") from error


@dataclass(frozen=True, slots=True)
class Source:
    """A staged file and what it is in its fileset."""

    path: Path
    #: The fileset's key and the file's path and number in it.
    key: str
    client_path: str
    number: int


class Links:
    """Links into one managed repository. All methods block."""

    def __init__(self, kind: InPlace, root: Path, vault: Path | None) -> None:
        """Link into ``root``; symbolic links lead into ``vault``."""
        self.kind, self.root, self._vault = kind, root, vault

    @property
    def transfer(self) -> str:
        """How OMERO calls this way of bringing files in."""
        return TRANSFERS[self.kind]

    def location(self, inside: str) -> Path:
        """Return where a path of the repository is on this computer; raises Internal."""
        return location_in(self.root, inside)

    def placed(self, source: Source, location: Path) -> bool:
        """Say whether the link is there already and leads to the source's bytes."""
        with or_cannot_link():
            if location.is_symlink():
                if self._vault is None or location.readlink() != self._kept(source):
                    return False
            elif not location.exists():
                return False
            return location.exists() and location.samefile(source.path)

    def put(self, source: Source, location: Path) -> None:
        """Replace what is at the location by the link, in one step; raises CannotLink.

        A worker that was frozen here and wakes up late does no harm: when the staged file is
        gone it fails before it touches anything.
        """
        with or_cannot_link():
            if source.path.stat().st_mode & _ANY_WRITE:
                raise CannotLink(f"{source.path} may still be written to")
            new = _beside(location, source.number)
            new.unlink(missing_ok=True)
            try:
                if self._vault is None:
                    new.hardlink_to(source.path)
                else:
                    new.symlink_to(self._keep(source))
                new.replace(location)
            finally:
                # Renaming one name of a file onto another leaves both of them.
                new.unlink(missing_ok=True)
            sync(location.parent)  # The staged file is deleted after the import.

    def take_away(self, source: Source, location: Path) -> None:
        """Remove a link, so that nothing is ever written through it; raises CannotLink."""
        with or_cannot_link():
            if location.is_symlink() or (location.exists() and _is_link(location, source)):
                location.unlink()

    def tidy(self, locations: list[Path]) -> None:
        """Remove what a killed worker left beside the files of a fileset; never raises."""
        for number, location in enumerate(locations):
            with suppress(OSError):
                _beside(location, number).unlink(missing_ok=True)

    def forget(self, key: str) -> None:
        """Remove a fileset that has no images from the vault; never raises."""
        if self._vault is not None and _is_name(key):
            shutil.rmtree(self._vault / key, ignore_errors=True)

    def _kept(self, source: Source) -> Path:
        """Where the vault keeps a file: some readers look for its companions there."""
        parts = PurePosixPath(source.client_path).parts
        if self._vault is None or not _is_name(source.key) or {"..", "/"} & set(parts):
            raise CannotLink(f"'{source.client_path}' cannot be kept in the vault")
        return self._vault.joinpath(source.key, *parts)

    def _keep(self, source: Source) -> Path:
        kept = self._kept(source)
        folders = [kept.parent]
        while folders[-1] != self._vault:
            folders.append(folders[-1].parent)
        for folder in reversed(folders[:-1]):
            if not folder.exists():
                folder.mkdir()
                # OMERO's account must pass, whatever this service's umask is.
                folder.chmod(_FOLDER_MODE)
        if not (kept.exists() and kept.samefile(source.path)):
            kept.unlink(missing_ok=True)
            kept.hardlink_to(source.path)
        for folder in folders:
            sync(folder)
        return kept


def open_links(settings: OmeroSettings) -> Links | None:
    """Return the links that the settings ask for."""
    if not settings.in_place or settings.managed_repository is None:
        return None
    return Links(settings.in_place, settings.managed_repository, settings.in_place_vault)


def _is_link(location: Path, source: Source) -> bool:
    # What OMERO wrote is writable. What is not was linked, perhaps to an earlier file.
    return location.samefile(source.path) or not location.stat().st_mode & _ANY_WRITE


def _is_name(key: str) -> bool:
    return PurePosixPath(key).parts == (key,) and key not in {"/", ".."}


def _beside(location: Path, number: int) -> Path:
    return location.with_name(f".transferapp-{number}")
