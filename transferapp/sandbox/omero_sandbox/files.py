"""Where the bytes of original files are: the managed repository and the ``Files`` folder."""

from __future__ import annotations

import uuid
from pathlib import Path

import omero

from transferapp.sandbox.omero_sandbox.hashers import HASHERS, USUAL_HASHER
from transferapp.sandbox.omero_sandbox.permissions import USER_GROUP
from transferapp.sandbox.omero_sandbox.records import GROUP, OWNER, Record, SandboxCaller
from transferapp.sandbox.omero_sandbox.store import Store

REPOSITORY = "ManagedRepository"


class Files:
    """Paths of original files below one folder."""

    def __init__(self, folder: Path, store: Store) -> None:
        """Keep the repository in ``folder/ManagedRepository``."""
        self._folder, self._store = folder, store
        self.root = folder / REPOSITORY
        self.root.mkdir(exist_ok=True)

    @property
    def repository(self) -> Record:
        """The original file that stands for the managed repository."""
        found = self._store.first("OriginalFile", "mimetype", "Repository")
        if found is None:
            raise LookupError("the repository is not made yet")
        return found

    @property
    def repository_uuid(self) -> str:
        """What ``OriginalFile.repo`` is for files in the managed repository."""
        return str(self.repository.text("hash"))

    def make_repository(self) -> None:
        """Make its record and the lists of hashers, once."""
        for name in HASHERS:
            self._store.enumeration("ChecksumAlgorithm", name)
        if self._store.first("OriginalFile", "mimetype", "Repository") is not None:
            return
        made = self._store.new(
            "OriginalFile", None, name=REPOSITORY, path=f"{self._folder}/", size=0,
            mimetype="Repository", hash=str(uuid.uuid4()), repo="",
        )  # fmt: skip
        self._store.set(made, OWNER, self._store.find("Experimenter", 0))
        self._store.set(made, GROUP, self._store.find("ExperimenterGroup", USER_GROUP))

    def path(self, record: Record) -> Path:
        """Return where an original file's bytes are."""
        if record.text("repo"):
            return self.inside(f"{record.text('path')}{record.text('name')}")
        return self._folder / "Files" / str(record.id)

    def inside(self, stated: str) -> Path:
        """Return a path of the repository; raises for one that leads out of it."""
        # Not resolved: an in-place import has put symbolic links there.
        parts = [part for part in stated.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise omero.ValidationException(None, None, f"Path leaves the repository: {stated}")
        return self.root.joinpath(*parts)

    def find(self, stated: str) -> Record | None:
        """Return the original file of a path in the repository."""
        folder, name = _split(stated)
        repo = self.repository_uuid
        for record in self._store.tables["OriginalFile"].values():
            if [record.text(field) for field in ("name", "path", "repo")] == [
                name,
                folder,
                repo,
            ]:
                return record
        return None

    def make(self, stated: str, caller: SandboxCaller, hasher: Record | None = None) -> Record:
        """Return the original file of a path, made when it is new."""
        folder, name = _split(stated)
        return self.find(stated) or self._store.new(
            "OriginalFile", caller, path=folder, name=name, repo=self.repository_uuid,
            mimetype="application/octet-stream", size=0,
            hasher=hasher or self._store.enumeration("ChecksumAlgorithm", USUAL_HASHER),
        )  # fmt: skip

    def listed(self, stated: str) -> list[Record]:
        """Return the original files that lie directly in a folder."""
        folder = stated.strip("/") + "/"
        files = self._store.tables["OriginalFile"].values()
        return [record for record in files if record.text("path") == folder]


def _split(stated: str) -> tuple[str, str]:
    folder, _, name = stated.strip("/").rpartition("/")
    return folder + "/", name
