"""What the outbox keeps: submissions, their items and files, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr

from transferapp.model.transfers import ItemState, TransferKind


class ItemStage(StrEnum):
    """How far the workstation is with one item."""

    #: Its files are to be moved, or the server is at work on it.
    OPEN = "open"
    #: A person must act on this workstation; ``trouble`` says what.
    TROUBLE = "trouble"
    #: Imported and verified, or delivered.
    DONE = "done"
    #: The server says that it failed or was cancelled.
    FAILED = "failed"
    CANCELLED = "cancelled"


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
    #: The trouble of the first item that has one.
    trouble_code: str = ""
    trouble: str = ""

    @property
    def items(self) -> int:
        """How many items there are."""
        return sum(self.items_by_stage.values())
