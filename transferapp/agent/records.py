"""What the outbox keeps: submissions, their items and files, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from transferapp.model.drops import SourceScan
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import ItemState, TransferKind


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """One submission. ``state`` is the word for the whole, ``trouble`` why it waits."""

    transfer_id: str
    kind: TransferKind
    name: str
    owner: str
    server_url: str
    grant: SecretStr = field(repr=False)
    destination: str
    state: ItemState
    trouble_code: str
    trouble: str
    ended: bool
    created_at: datetime
    updated_at: datetime
    #: Full paths of what was dropped; None where nobody said.
    roots: tuple[str, ...] | None = None
    #: What the last look at the source has found, and whether the server knows of it.
    look: SourceScan | None = None
    look_told: bool = False


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item of a submission."""

    item_id: str
    transfer_id: str
    name: str
    stage: ItemStage
    trouble_code: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file. ``done`` means sealed at the server, or in place and verified here.

    ``path`` is whole for an import; for an export it is the path in the item's folder.
    """

    file_id: str
    transfer_id: str
    item_id: str
    client_path: str
    path: str
    size_bytes: int
    modified_ns: int
    offset: int = 0
    sha1: str = ""
    done: bool = False
    #: Import: of the file that was sent; 0 where it is not known.
    inode: int = 0


@dataclass(frozen=True, slots=True)
class DuplicateRecord:
    """A file that is left out because the repository holds it, as it was when compared."""

    transfer_id: str
    client_path: str
    path: str
    size_bytes: int
    modified_ns: int
    inode: int
    sha1: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of moving one file. ``inode``: of the file that was sent, 0 for others."""

    sha1: str
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over one submission, from which its promises are computed."""

    files: int
    files_done: int
    bytes: int
    bytes_done: int
    items_by_stage: dict[ItemStage, int]
    #: Files of items that were not cancelled and that are not done.
    files_open: int
    #: Import: files of items of which the repository holds every byte, checked.
    files_verified: int = 0
    #: Import: files that were dropped and neither imported nor ignored, and some of them.
    left_out_files: int = 0
    left_out_names: tuple[str, ...] = ()
    #: The problem of the first item that has one.
    trouble_code: str = ""
    trouble: str = ""

    @property
    def items(self) -> int:
        """How many items there are."""
        return sum(self.items_by_stage.values())
