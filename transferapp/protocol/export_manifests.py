"""The manifest of an export, read back: what deposits and archives go by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from transferapp.errors import Invalid, NoSuchFile


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts:
        raise ValueError("the path leaves the folder")
    return path


class ListedFile(BaseModel):
    """A file of the export; ``path`` is '/'-separated, from the manifest's folder."""

    path: Annotated[str, AfterValidator(_inside)]
    size_bytes: int = Field(ge=0)
    sha1: str = Field(pattern="^[0-9a-f]{40}$")
    #: Where it was when it was imported.
    client_path: str = ""


class ListedImage(BaseModel):
    """An image; ``containers`` are where it lies: kind -> name, the outermost first."""

    id: int
    name: str
    containers: list[dict[str, dict[str, object]]] = []


class ListedProblem(BaseModel):
    """Why nothing of an item is there."""

    code: str = ""
    message: str = ""


class ListedItem(BaseModel):
    """Images whose files are the same."""

    id: str = ""
    name: str = ""
    state: str
    path: str | None = None
    images: list[ListedImage]
    files: list[ListedFile]
    problem: ListedProblem | None = None


class _Transfer(BaseModel):
    id: str
    name: str
    server: str


class ListedExport(BaseModel):
    """What of a manifest is needed."""

    manifest: Literal["transferapp-export"]
    manifest_version: Literal[1]
    transfer: _Transfer
    repository: str
    form: str
    written_at: datetime
    plate_files: list[ListedFile] = []
    items: list[ListedItem]

    @property
    def files(self) -> Iterator[ListedFile]:
        """All files that arrived."""
        for item in self.items:
            yield from item.files
        yield from self.plate_files


def read_manifest(path: Path) -> ListedExport:
    """Read a ``*.manifest.json``; raises NoSuchFile, and Invalid for another file."""
    try:
        return ListedExport.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise NoSuchFile(f"There is no file '{path}'.") from None
    except (OSError, ValidationError) as error:
        raise Invalid(
            f"'{path.name}' cannot be read as the manifest of an export. Give the file"
            " NAME.manifest.json that lies beside what was exported."
        ) from error
