"""What a receipt says, and how it is written (docs/receipts.md).

Its bytes follow from its content alone: the same ended transfer gives the same receipt.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from transferapp.errors import DamagedReceipt

#: Bytes of a receipt's file: some 400,000 files. No more is read.
LARGEST = 128 << 20


def _utc(time: datetime) -> datetime:
    if time.utcoffset():
        raise ValueError("it is not in UTC")
    return time


#: A time in UTC.
Utc = Annotated[AwareDatetime, AfterValidator(_utc)]
Size = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReceiptFile(_Part):
    """A file whose every byte was checked; ``path`` is the client path."""

    path: str
    size_bytes: Size
    sha1: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    #: The repository's id of it (of an export: of the original), where that is known.
    repository_id: int | None = None


class ReceiptItem(_Part):
    """A fileset (or all attachments of an import, or one item of an export)."""

    id: str
    name: str
    role: str
    image_ids: tuple[int, ...] = ()
    fileset_id: int | None = None
    #: When the last of its checks had passed, and by which version of this program; None and
    #: empty where it was before receipts were kept.
    verified_at: Utc | None = None
    verified_by: str = ""
    files: tuple[ReceiptFile, ...]


class ReceiptOrigin(_Part):
    """Where the files lay: the workstation's name, and full paths of what was dropped."""

    workstation: str
    folders: tuple[str, ...] = ()


class Receipt(_Part):
    """What one transfer brought where: only what was verified is in it."""

    format: Literal["transferapp-receipt"] = "transferapp-receipt"
    #: Readers refuse a later one: it may mean something that they do not know.
    version: Literal[1] = 1
    transfer_id: Annotated[str, Field(pattern="^[0-9a-f]{1,32}$")]
    kind: Literal["import", "export"]
    name: str
    #: Of an export: the form that its files have.
    form: str = ""
    repository: str
    #: Whose data it is, and who asked for it, where that is somebody else.
    owner: str
    asked_by: str = ""
    #: Import: as the workstation said it; None where it did not.
    origin: ReceiptOrigin | None = None
    #: Import: where the images are.
    target: str = ""
    target_name: str = ""
    asked_at: Utc
    items: tuple[ReceiptItem, ...]
    #: Items of the transfer that are not in it, as they were not verified.
    items_missing: Size = 0
    #: Import: files that were dropped and left out; None where nobody said.
    left_out_files: int | None = None

    @property
    def files(self) -> tuple[ReceiptFile, ...]:
        """All files of all items."""
        return tuple(file for item in self.items for file in item.files)

    def to_bytes(self) -> bytes:
        """Return the bytes that are signed."""
        return self.model_dump_json().encode()

    @classmethod
    def of_bytes(cls, content: bytes) -> Self:
        """Read what was signed; raises DamagedReceipt."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise DamagedReceipt(
                f"What was signed is no receipt that this version reads ('{where}'). It may be"
                " of a later version: update TransferApp."
            ) from error
