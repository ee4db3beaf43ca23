"""Transfers: what a person asked for, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from transferapp.model.containers import ContainerRef
from transferapp.model.drops import LeftOut, SourceScan
from transferapp.model.export_places import ItemPlace
from transferapp.model.promises import Promises
from transferapp.model.skips import Skip


class TransferKind(StrEnum):
    """The two directions."""

    IMPORT = "import"
    EXPORT = "export"


class ItemState(StrEnum):
    """Where an item is. The first row is the way of an import, the second of an export."""

    QUEUED = "queued"
    UPLOADING = "uploading"
    RECEIVED = "received"
    IMPORTING = "importing"
    IMPORTED = "imported"
    PREPARING = "preparing"
    READY = "ready"
    DOWNLOADING = "downloading"
    DELIVERED = "delivered"
    WAITING = "waiting"
    STALLED = "stalled"
    NEEDS_ATTENTION = "needs-attention"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: The way of an item of each kind; what stands beside it belongs to both.
WAY: dict[TransferKind, tuple[ItemState, ...]] = {
    TransferKind.IMPORT: (
        ItemState.QUEUED,
        ItemState.UPLOADING,
        ItemState.RECEIVED,
        ItemState.IMPORTING,
        ItemState.IMPORTED,
    ),
    TransferKind.EXPORT: (
        ItemState.QUEUED,
        ItemState.PREPARING,
        ItemState.READY,
        ItemState.DOWNLOADING,
        ItemState.DELIVERED,
    ),
}


class ItemRole(StrEnum):
    """What becomes of an item's files."""

    #: They are one fileset, and make images.
    FILESET = "fileset"
    #: They are no images, and are attached to the target of the import.
    ATTACHMENTS = "attachments"
    #: Of an export of all that a person owns: ``archive.jsonl``, which a worker makes.
    ARCHIVE = "archive"


#: Nothing more happens in these by itself.
ENDED_STATES = frozenset(
    {ItemState.IMPORTED, ItemState.DELIVERED, ItemState.FAILED, ItemState.CANCELLED}
)
#: Ended well.
DONE_STATES = frozenset({ItemState.IMPORTED, ItemState.DELIVERED})
#: A person must do something.
PROBLEM_STATES = frozenset({ItemState.NEEDS_ATTENTION, ItemState.FAILED})


@dataclass(frozen=True, slots=True)
class ItemProblem:
    """Why an item does not go on: an error of ``errors.py`` as data."""

    code: str
    title: str
    message: str
    retryable: bool = False
    #: When it is tried again, where that is known.
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TransferFile:
    """One file of an item. ``sha1`` is known once the file is sealed or resolved."""

    id: str
    item_id: str
    client_path: str
    size_bytes: int
    bytes_done: int = 0
    sealed: bool = False
    sha1: str = ""


@dataclass(frozen=True, slots=True)
class TransferItem:
    """One fileset of a transfer, all files that an import attaches, or what describes an
    archive.
    """

    id: str
    transfer_id: str
    name: str
    state: ItemState
    file_count: int
    size_bytes: int
    bytes_done: int
    updated_at: datetime
    #: What the state means right now, in words ("step 2 of 5: pixel data").
    note: str = ""
    trouble: ItemProblem | None = None
    #: Images made by an import, or the image asked for by an export; of an archive's
    #: description the images that have no original files.
    image_ids: tuple[int, ...] = ()
    #: Import: the server holds every file of this item, sealed.
    received: bool = False
    #: Import: the repository holds every byte with the right hash, and images exist, or the
    #: files are attached.
    verified: bool = False
    role: ItemRole = ItemRole.FILESET
    #: When it ended well, and by which version of this program; None and empty before that.
    done_at: datetime | None = None
    done_by: str = ""
    #: Import: the repository's id of it, where that was kept.
    fileset_id: int | None = None

    @property
    def attaches(self) -> bool:
        """Its files are attached, and make no images."""
        return self.role is ItemRole.ATTACHMENTS

    @property
    def describes(self) -> bool:
        """Its file is ``archive.jsonl``, which describes the images of all items."""
        return self.role is ItemRole.ARCHIVE


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a person asked for: an import or an export, made of items."""

    id: str
    kind: TransferKind
    name: str
    owner: str
    state: ItemState
    created_at: datetime
    updated_at: datetime
    item_count: int
    items_done: int
    items_in_trouble: int
    file_count: int
    size_bytes: int
    bytes_done: int
    promises: Promises
    target: ContainerRef | None = None
    target_name: str = ""
    #: Import: the group that it was made for; another target must be in it, too.
    group_id: int | None = None
    trouble: ItemProblem | None = None
    #: Import: files of items of which the repository holds every byte, checked.
    files_verified: int = 0
    #: Import: files that are no images and are to be attached to the target, and how many
    #: of them are. Together they are one item.
    to_attach: int = 0
    attached: int = 0
    #: Import: files that were dropped and neither imported nor ignored; None: nobody said.
    left_out_files: int | None = None
    #: The first of them by client path, for a sentence.
    left_out_names: tuple[str, ...] = ()
    #: Import: what the workstation found when it last looked at the source.
    look: SourceScan | None = None
    #: Export: one of ``ExportForm``.
    form: str = ""
    #: Export: the place and the folder there that it is brought to ("cluster:a/My export");
    #: empty: a workstation fetches it.
    brought_to: str = ""
    #: Import: who asked for it and has its files, where that is not the owner; else empty.
    asked_by: str = ""
    #: Import: what the repository is not asked to do.
    skip: frozenset[Skip] = frozenset()

    @property
    def sender(self) -> str:
        """Who has the files, and may send them."""
        return self.asked_by or self.owner

    @property
    def fileset_count(self) -> int:
        """Items that are filesets: all but the one of files to attach."""
        return self.item_count - bool(self.to_attach)

    @property
    def filesets_done(self) -> int:
        """Filesets that ended well."""
        return self.items_done - bool(self.attached)


@dataclass(frozen=True, slots=True)
class TransferDetails:
    """A transfer with its items and files, and what was left out beside them."""

    transfer: Transfer
    items: tuple[TransferItem, ...]
    files: tuple[TransferFile, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = field(default=())
    #: Where the repository's images are seen in a browser, with ``{id}`` for an image's id
    #: (``model.image_pages``); empty: nowhere, as far as anybody said.
    image_page: str = ""
    #: Export: where its items go, as far as that was decided; told with the files only.
    places: tuple[ItemPlace, ...] = field(default=())
    #: The name of the repository.
    repository: str = ""

    @property
    def image_ids(self) -> tuple[int, ...]:
        """All images of all items."""
        return tuple(number for item in self.items for number in item.image_ids)


#: Of a transfer that has not ended, the first that any of its items is in is shown: work that
#: moves before what waits; a person is called when nothing else goes on.
SHOWN_FIRST = (
    ItemState.UPLOADING,
    ItemState.DOWNLOADING,
    ItemState.IMPORTING,
    ItemState.PREPARING,
    ItemState.RECEIVED,
    ItemState.READY,
    ItemState.STALLED,
    ItemState.WAITING,
    ItemState.QUEUED,
    ItemState.NEEDS_ATTENTION,
)
#: The same of one that has ended: its counters say how much of it is done.
SHOWN_OF_ENDED = (
    ItemState.FAILED,
    ItemState.CANCELLED,
    ItemState.IMPORTED,
    ItemState.DELIVERED,
)


def overall_state(states: list[ItemState], kind: TransferKind) -> ItemState:
    """Fold the items' states into the one word that stands for the whole transfer, which has
    ended only when every item has.
    """
    present = set(states)
    if not present:
        return ItemState.QUEUED
    if not present <= ENDED_STATES:
        return next(state for state in SHOWN_FIRST if state in present)
    first = next(state for state in SHOWN_OF_ENDED if state in present)
    return WAY[kind][-1] if first in DONE_STATES else first
