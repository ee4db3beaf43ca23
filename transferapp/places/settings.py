"""The places that a facility offers, as its TOML file says (docs/places.md)."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    StringConstraints,
    model_validator,
)

from transferapp.errors import TargetNotFound
from transferapp.host.administered_file import read_administered

SETTING = "TRANSFERAPP_PLACES_FILE"
#: No place: the answer is where the original files lie.
PATHS = "paths"

#: ``/mnt/omero``, ``Z:\omero`` or ``\\nas\omero``.
MountPath = Annotated[str, StringConstraints(pattern=r"^(/|[A-Za-z]:\\|\\\\)[^\x00-\x1f]*$")]
#: Two letters at least: one is a drive of Windows.
_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a place's name begins with a small letter and has 2 to 31 small letters, digits"
            " and hyphens"
        )
    return name


PlaceName = Annotated[str, AfterValidator(_checked_name)]


class PlaceKind(StrEnum):
    """What a place is made of."""

    FOLDER = "folder"
    BUCKET = "bucket"


class FileRights(StrEnum):
    """Whose the files in a folder become."""

    #: Their person's: an account of her name on the computer that brings them.
    PERSON = "person"
    #: The worker's: people come to them by other ways, a share's for instance.
    WORKER = "worker"


class PlaceSettings(BaseModel):
    """One place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    #: A folder as the worker sees it; it must be there.
    folder: Path | None = None
    #: Or a bucket with a folder in it: ``s3://bucket/folder``.
    bucket: Annotated[
        str, StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,62}(/.*)?$")
    ] = ""
    endpoint: str = ""
    region: str = ""
    #: A private file (0600) with ``access_key_id`` and ``secret_access_key``, as TOML;
    #: without it the environment of the worker is asked, as of every S3 program.
    credentials_file: Path | None = None
    rights: FileRights = FileRights.PERSON
    #: How people come to what ``folder`` is; empty: in the same way.
    shown_as: str = ""
    #: Bytes that each person may have there; 0: as many as there is room for.
    quota_bytes: int = Field(default=0, ge=0)
    #: What was brought is removed after so many days; 0: never.
    keep_days: int = Field(default=0, ge=0, le=36_500)
    #: So many days before that its person is told.
    notice_days: int = Field(default=3, ge=0, le=365)
    #: How many items may be brought there at once, over all workers.
    limit: PositiveInt = 4

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.folder is None) == (not self.bucket):
            raise ValueError("name a folder or a bucket, one of them")
        if self.folder is not None and not self.folder.is_absolute():
            raise ValueError("folder must be an absolute path")
        return self

    @property
    def kind(self) -> PlaceKind:
        """A folder or a bucket."""
        return PlaceKind.BUCKET if self.bucket else PlaceKind.FOLDER

    def shown(self, below: str) -> str:
        """Return the path or address by which people find what lies ``below`` the place."""
        if self.bucket:
            return f"{(self.shown_as or self.bucket).rstrip('/')}/{below}"
        return str(PurePosixPath(self.shown_as or str(self.folder)) / below)


class OfferedPlaces(BaseModel):
    """All places by name, and where people see the repository's own files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    places: dict[PlaceName, PlaceSettings] = {}
    #: How people mount folders of the repository's storage, by their paths on the server.
    mounted: dict[str, MountPath] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if PATHS in self.places:
            raise ValueError(f"no place can be called '{PATHS}': that word has a meaning")
        if relative := [path for path in self.mounted if not PurePosixPath(path).is_absolute()]:
            raise ValueError(f"mounted: '{relative[0]}' must be an absolute path")
        return self

    def mounted_path(self, path: PurePath) -> str:
        """Return where people find a file of the server; empty where nobody mounts it."""
        folders = [folder for folder in self.mounted if path.is_relative_to(folder)]
        if not folders:
            return ""
        # The innermost: a folder in a mount may be mounted otherwise.
        folder = max(folders, key=lambda one: len(PurePath(one).parts))
        shown, below = self.mounted[folder], path.relative_to(folder)
        kind = PurePosixPath if shown.startswith("/") else PureWindowsPath
        return str(kind(shown, *below.parts))

    def place(self, name: str) -> PlaceSettings:
        """Return a place; raises TargetNotFound that says which there are."""
        found = self.places.get(name)
        if found is None:
            there = ", ".join(self.places)
            listed = f"There are: {there}." if there else "It offers none."
            raise TargetNotFound(f"This server does not offer the place '{name}'. {listed}")
        return found


def load_places(path: Path | None) -> OfferedPlaces:
    """Read the file; None gives none. Raises SettingsInvalid that names the key."""
    if path is None:
        return OfferedPlaces()
    return read_administered(path, SETTING, OfferedPlaces)
