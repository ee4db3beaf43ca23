"""The port to the ledger: transfers, items, files, and the events of their changes.

It is split by who uses it; ask for the small port that you use.

Every change and its event are written in one transaction. Reads give model dataclasses.
Methods raise TransferNotFound for unknown ids, and for other people's transfers where an
``owner`` is given; Unavailable when the database cannot be reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from transferapp.model.export_places import ItemPlace
from transferapp.model.export_specs import ExportSpec
from transferapp.model.skips import Skip
from transferapp.model.transfers import ItemRole

if TYPE_CHECKING:
    from datetime import datetime

    from transferapp.model.brought import BroughtItem
    from transferapp.model.containers import ContainerRef
    from transferapp.model.drops import Drop, SourceScan
    from transferapp.model.events import Event, EventKind
    from transferapp.model.image_annotations import ImageAnnotations
    from transferapp.model.images import Annotation
    from transferapp.model.moves import Move
    from transferapp.model.origins import Origin
    from transferapp.model.restoring import RestoredItem
    from transferapp.model.transfers import (
        ItemProblem,
        ItemState,
        Transfer,
        TransferDetails,
        TransferFile,
        TransferItem,
        TransferKind,
    )


_ORIGINALS = ExportSpec()


@dataclass(frozen=True, slots=True)
class PlannedTransferFile:
    """A file of a new item; exports know the repository's file id and hash."""

    client_path: str
    size_bytes: int
    repository_file_id: int | None = None
    sha1: str = ""


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item of a new transfer."""

    name: str
    files: tuple[PlannedTransferFile, ...]
    image_ids: tuple[int, ...] = ()
    role: ItemRole = ItemRole.FILESET
    #: On its images, beside those of the transfer.
    annotations: tuple[Annotation, ...] = ()
    #: On single images of it.
    image_annotations: tuple[ImageAnnotations, ...] = ()
    #: Export: the folder that it goes to, and its images; None: nobody said.
    place: ItemPlace | None = None
    #: Import of an archive: what it says of the images.
    restored: RestoredItem | None = None


@dataclass(frozen=True, slots=True)
class NewTransfer:
    """A transfer to be made. ``request_key`` makes a repeated request find the first."""

    kind: TransferKind
    name: str
    owner: str
    request_key: str
    items: tuple[PlannedItem, ...]
    target: ContainerRef | None = None
    target_name: str = ""
    group_id: int | None = None
    annotations: tuple[Annotation, ...] = ()
    #: Import: what was dropped; None: nobody said.
    drop: Drop | None = None
    #: Import: what the repository is not asked to do.
    skip: frozenset[Skip] = frozenset()
    #: Who asked for it, where that is not the owner.
    asked_by: str = ""
    #: Export: in which form, and which part of each image.
    export: ExportSpec = _ORIGINALS
    #: Export: the place and the folder there that it is brought to ("cluster:a/My export").
    brought_to: str = ""


@dataclass(frozen=True, slots=True)
class ItemWork:
    """All that a worker needs of one item."""

    item: TransferItem
    transfer: Transfer
    files: tuple[TransferFile, ...]
    #: Export: the repository's file ids, in the order of ``files``.
    repository_file_ids: tuple[int | None, ...]
    group_id: int | None
    #: The transfer's and the item's own.
    annotations: tuple[Annotation, ...]
    #: The item's, on single images.
    image_annotations: tuple[ImageAnnotations, ...] = ()
    skip: frozenset[Skip] = frozenset()
    export: ExportSpec = _ORIGINALS
    #: Export: where it goes, and where its images lie in the repository.
    place: ItemPlace | None = None
    #: Import of an archive: what it says of the images.
    restored: RestoredItem | None = None


@dataclass(frozen=True, slots=True)
class FileWork:
    """All that a request for one file needs, without the other files of its item."""

    file: TransferFile
    transfer_id: str
    kind: TransferKind
    owner: str
    item_state: ItemState
    group_id: int | None
    #: Export: the repository's file id.
    repository_file_id: int | None
    #: Who asked for it, where that is not the owner.
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class ItemChange:
    """A new state of an item. ``None`` leaves a field as it is; problem is always set."""

    state: ItemState
    note: str = ""
    trouble: ItemProblem | None = None
    image_ids: tuple[int, ...] | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class HeldFiles:
    """Under which ids the repository holds an item: its fileset (None: its files are attached),
    and its files by their ids here.
    """

    fileset_id: int | None
    by_file: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt states beyond the details of a transfer."""

    #: Import: None where the workstation did not say.
    origin: Origin | None
    #: The repository's ids of files, by their ids here, where they are known.
    repository_ids: Mapping[str, int]


class TransferLists(Protocol):
    """A person's transfers, to look at."""

    async def transfers(
        self,
        owner: str,
        *,
        kind: TransferKind | None = None,
        after: str = "",
        limit: int = 50,
    ) -> list[Transfer]:
        """List what a person owns or asked for, newest first, after the id ``after``."""

    async def details(
        self, transfer_id: str, *, owner: str | None = None, with_files: bool = True
    ) -> TransferDetails:
        """Return a transfer with items (and files); ``owner``: who must own it, or have asked
        for it.
        """


class TransferRecords(TransferLists, Protocol):
    """What people ask for, and what their workstations say of its source."""

    async def add(self, new: NewTransfer) -> TransferDetails:
        """Store a transfer, its items and files; a known request_key gives the first."""

    async def retarget(self, transfer_id: str, target: ContainerRef, target_name: str) -> None:
        """Send what is not imported yet to another container of the same group."""

    async def source_scanned(self, transfer_id: str, scan: SourceScan) -> Transfer:
        """Keep what the workstation found of an import's source; returns the transfer as it
        then is. Raises StateConflict for an export.
        """


class ReceiptRecords(Protocol):
    """What receipts state of a transfer, beyond its details."""

    async def receipt_facts(self, transfer_id: str) -> ReceiptFacts:
        """Return where an import came from, and the repository's ids; nothing of a transfer
        that does not exist.
        """

    async def keep_origin(self, transfer_id: str, origin: Origin) -> None:
        """Keep where an import's files lay; what was said first stays. Raises StateConflict
        for an export.
        """


class ItemMoves(Protocol):
    """The items: what a worker needs of one, and where it goes from there."""

    async def item(self, item_id: str) -> TransferItem:
        """Return one item; raises TransferNotFound."""

    async def items_in(
        self, states: Sequence[ItemState], *, received: bool = False
    ) -> list[TransferItem]:
        """List everyone's items that are in one of these states, oldest first;
        ``received``: only those whose files are all here.
        """

    async def work(self, item_id: str) -> ItemWork:
        """Return what a worker needs of an item."""

    async def move(self, item_id: str, move: Move, change: ItemChange) -> bool:
        """Move an item and write the event; False when the move does not start from where
        the item is. Raises ValueError when it does not end where the change says.
        """

    async def set_files(self, item_id: str, files: Sequence[PlannedTransferFile]) -> None:
        """Export: store the files that an item resolves to (replaces none: idempotent)."""

    async def keep_held(self, item_id: str, held: HeldFiles) -> None:
        """Import: keep under which ids the repository holds an item; may be repeated."""


class ArchiveRecords(Protocol):
    """What an archive states of the export that it is a part of."""

    async def items_of_images(self, transfer_id: str) -> dict[int, str]:
        """Return the item of each image that is exported with its files, by the image's id;
        nothing of a transfer that does not exist.
        """


class FileProgress(Protocol):
    """The files: how much of each is there; for those who move bytes."""

    async def file(self, file_id: str) -> TransferFile:
        """Return one file; raises NoSuchFile."""

    async def file_work(self, file_id: str) -> FileWork:
        """Return a file and where it belongs; raises NoSuchFile."""

    async def file_progress(self, file_id: str, bytes_done: int) -> None:
        """Bytes of a file that are durable; moves a queued item to uploading."""

    async def file_sealed(self, file_id: str, sha1: str) -> bool:
        """Mark a file complete; True when it was the last of its item."""

    async def send_file_anew(self, file_id: str, size_bytes: int) -> bool:
        """Import: nothing of this file is here, and it has this size now; its item waits for
        it. False when its item waits neither for files nor for a person. Raises NoSuchFile.
        """


class LedgerEvents(Protocol):
    """The events, for those who follow them or tell one."""

    async def publish(self, owner: str, kind: EventKind) -> None:
        """Write an event of a person that is no transfer's."""

    async def events(self, owner: str | None, after: int, limit: int = 500) -> list[Event]:
        """Events with id > ``after`` in order: a person's, or (None) everyone's."""

    async def first_event_id(self) -> int:
        """Return the oldest event's id that was not forgotten, 0 when there is none."""

    async def last_event_id(self) -> int:
        """Return the newest event's id, 0 when there is none."""


class OldTransfers(Protocol):
    """What is over, for those who keep house."""

    async def forget_events(self, before: datetime, upto: int) -> int:
        """Delete events from before a time, with id <= ``upto``, never the newest one;
        returns how many.
        """

    async def forget_transfers(self, before: datetime) -> int:
        """Delete transfers that have not changed since a time and whose items are all
        imported, delivered or cancelled, with items and files; returns how many.
        """


class BroughtItems(Protocol):
    """What lies at places, for those who bring it and those who ask."""

    async def free_export(self, owner: str, place: str, export: str) -> str:
        """Return this folder, or the next ("My export (2)") that no export of the person has
        at the place.
        """

    async def reserve(self, item: BroughtItem, quota_bytes: int) -> bool:
        """Note where an item goes before it does; repeated with another spot it goes there.
        False when another item has the spot. Raises QuotaExceeded where the person would have
        more than ``quota_bytes`` (0: any number) at the place.
        """

    async def brought(self, item_id: str, mark: str, expires_at: datetime | None) -> None:
        """Note that an item is there, and until when."""

    async def removed(self, item_ids: Sequence[str]) -> None:
        """Note that items are not there (any more)."""

    async def brought_item(self, item_id: str) -> BroughtItem | None:
        """Return where an item goes, or lies; None where nobody said."""

    async def brought_of(self, transfer_id: str) -> list[BroughtItem]:
        """List where the items of a transfer go, or lie, or have lain."""

    async def hindrances(self) -> dict[str, str]:
        """Return what is in the way at places, by their names, as workers found it lately."""

    async def used_bytes(self, owner: str, place: str) -> int:
        """Return how many bytes of a person lie at a place, or are on the way."""


class OldBroughtItems(Protocol):
    """What lies at places, for those who keep house."""

    async def expired(self, place: str, now: datetime, limit: int = 500) -> list[BroughtItem]:
        """List items of a place whose time is over, the first of them first."""

    async def note_hindrance(self, place: str, message: str) -> None:
        """Note what is in the way at a place now; empty: nothing."""

    async def abandoned(self, limit: int = 500) -> list[BroughtItem]:
        """List items that were on their way, and have been cancelled or have failed."""

    async def unbrought(self, limit: int = 500) -> list[str]:
        """List the ids of items that are ready to be brought to a place."""

    async def exports_at(self, place: str) -> list[tuple[str, str]]:
        """List owner and folder of every export of which something lies at a place."""

    async def export_gone(self, owner: str, place: str, export: str) -> int:
        """Note that nothing of an export is there any more; returns how many items."""

    async def notify_expiry(self, place: str, before: datetime) -> int:
        """Tell people, each once, what of theirs expires before a time; returns how many
        exports.
        """


class Ledger(
    TransferRecords,
    ReceiptRecords,
    ItemMoves,
    ArchiveRecords,
    FileProgress,
    LedgerEvents,
    OldTransfers,
    Protocol,
):
    """Who asked for what, and how far it is: the whole, for wiring, adapters and suites."""
