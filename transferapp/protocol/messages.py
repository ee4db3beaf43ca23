"""Request and response shapes. Nouns travel as the frozen dataclasses of ``model``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from transferapp.model.drops import LeftOut, LeftOutReason, SourceScan
from transferapp.model.identity import Group, Identity
from transferapp.model.image_annotations import ImageAnnotations
from transferapp.model.images import Annotation
from transferapp.model.restoring import RestoredItem
from transferapp.model.skips import Skip
from transferapp.model.transfers import Transfer, TransferDetails
from transferapp.protocol.addresses import check_address
from transferapp.protocol.drops import SoundDrop
from transferapp.protocol.numbers import Number

T = TypeVar("T")

#: Sizes are limits of one request, not of a transfer: send several requests.
MAX_ITEMS = 20_000
MAX_FILES_PER_ITEM = 200_000


ClientPath = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class Message(BaseModel):
    """Base of all shapes: unknown fields in requests are errors, values are frozen."""

    # Not ``defer_build``, which would spare a command 0.08 s: FastAPI's shapes would be built
    # outside of where it keeps pydantic from warning of their aliases (0.165, 2.12).
    model_config = ConfigDict(
        extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64"
    )


class Page(Message, Generic[T]):
    """A part of a list; ``after`` of the next request is this ``next``."""

    items: list[T]
    next: str | None = None


class SignIn(Message):
    """Ask for a session token."""

    username: Name
    password: SecretStr
    #: Keep the session for 30 days instead of 12 hours.
    remember: bool = False


class SignedIn(Message):
    """A session token; shown once, only its hash is kept."""

    token: str
    expires_at: datetime
    identity: Identity


class ServerInfo(Message):
    """What anyone may know of a server."""

    name: str
    version: str
    repository: str
    #: Names of optional abilities, e.g. ``tiles``.
    capabilities: list[str]
    part_size: int


class GrantInfo(Message):
    """A grant as its owner sees it; never the token itself."""

    id: str
    purpose: str
    transfer_id: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked: bool


class NewContainer(Message):
    """Make a project, dataset or screen."""

    kind: str
    name: Name
    parent: str | None = None
    group_id: Number | None = None
    description: str = ""
    #: Whose it is; empty: the asking person's.
    owner: str = ""
    #: Of an archive: the same key gives the container that was made first.
    key: Annotated[str, StringConstraints(max_length=1024)] = ""
    #: Of an archive: what is written on it; the same one twice is written once.
    annotations: list[Annotation] = []


class NewFile(Message):
    """A file that will be uploaded."""

    client_path: ClientPath
    size_bytes: Number


class NewItem(Message):
    """One fileset; the file to open comes first. ``annotations``: on its images only,
    ``image_annotations``: on single ones. What fits no image is told by the item's note.
    """

    name: Name
    files: list[NewFile] = Field(min_length=1, max_length=MAX_FILES_PER_ITEM)
    annotations: list[Annotation] = []
    image_annotations: list[ImageAnnotations] = []
    #: What an archive says of its images, where it is one's.
    restored: RestoredItem | None = None


class ImportRequest(Message):
    """Ask for an import into ``target`` (``Dataset:12``, ``Screen:3``).

    ``attachments`` are no images: they are uploaded like the others, as the last item, and
    are attached to ``target``. How many, and how large: ``model.attachments``.
    ``drop`` tells what else was dropped. Without it nobody can say that the whole source
    may be deleted, only that these files may.
    """

    name: Name
    target: str
    items: list[NewItem] = Field(min_length=1, max_length=MAX_ITEMS)
    attachments: list[NewFile] = []
    annotations: list[Annotation] = []
    #: Whose data it becomes; empty: the asking person's. Others' only with the right to act
    #: for them (in OMERO: *Sudo*), which is looked at again when it is imported.
    owner: str = ""
    #: Work of the repository that is not done, where the facility allows it.
    skip: list[Skip] = []
    drop: SoundDrop | None = None


class Accepted(Message):
    """A transfer was made; ``grant`` can do nothing but move this transfer's files."""

    details: TransferDetails
    grant: str


class Seal(Message):
    """The whole file is uploaded; its SHA-1 as the sender read it."""

    sha1: Sha1


class ChangedSource(Message):
    """A file is another one than the one that was sent; its size in bytes is this now."""

    size_bytes: Number


class NewTarget(Message):
    """Send what is not imported yet to another container of the same group."""

    target: str


class Report(Message):
    """The agent tells of a problem with an item's source or destination."""

    code: str
    message: str


class Delivered(Message):
    """The agent has every file of an export item in place, verified."""

    sha1_by_file: dict[str, Sha1]


class FileOnDisk(Message):
    """A file of a submission on the workstation, as it was when it was submitted."""

    file_id: str
    client_path: ClientPath
    path: str
    size_bytes: Number
    modified_ns: int


class DuplicateOnDisk(Message):
    """A file that the repository holds already, as it was when all of it was compared."""

    client_path: ClientPath
    path: str
    size_bytes: Number
    modified_ns: int
    inode: Number
    sha1: Sha1


class LeftOutOnDisk(Message):
    """Something dropped that is not imported: a file, or a folder that is one thing.

    ``held``: its files, where the reason is that the repository holds them.
    """

    path: str
    left_out: LeftOut
    held: list[DuplicateOnDisk] = []

    @model_validator(mode="after")
    def _names_duplicates(self) -> Self:
        is_held = self.left_out.reason is LeftOutReason.HELD
        if len(self.held) != (self.left_out.file_count if is_held else 0):
            raise ValueError("what the repository holds is named file by file")
        return self


class DropOnDisk(Message):
    """What was dropped, by its places on the workstation."""

    #: Full paths of the dropped files and folders.
    roots: list[str]
    left_out: list[LeftOutOnDisk] = []
    #: Files that operating systems leave behind, by the names on our list.
    litter_files: Number = 0


class SubmittedItem(Message):
    """One item of a submission to the agent."""

    item_id: str
    name: str
    files: list[FileOnDisk]


class Submission(Message):
    """What the desktop hands to the agent. ``owner`` is ``user@server`` for lists."""

    kind: str
    transfer_id: str
    name: str
    owner: str
    server_url: Annotated[str, AfterValidator(check_address)]
    grant: SecretStr
    items: list[SubmittedItem] = []
    #: Import: what was dropped; None: nobody said.
    drop: DropOnDisk | None = None
    #: Export: the folder that files go to.
    destination: str = ""


class SubmissionView(Message):
    """How far the agent is with one submission."""

    transfer_id: str
    kind: str
    name: str
    owner: str
    server_url: str
    state: str
    files_total: int
    files_done: int
    bytes_total: int
    bytes_done: int
    bytes_per_s: float = 0.0
    safe_to_log_off: bool
    safe_to_switch_off: bool
    safe_to_delete_source: bool
    safe_to_delete_imported: bool = False
    #: Files of items of which the repository holds every byte, checked.
    files_verified: int = 0
    #: Files that were dropped and neither imported nor ignored; None: nobody said.
    left_out_files: int | None = None
    #: The first of them by client path.
    left_out_names: tuple[str, ...] = ()
    #: What the last look at the source has found.
    look: SourceScan | None = None
    #: Why it does not go on, as a sentence; empty when it does.
    trouble_code: str = ""
    trouble: str = ""
    destination: str = ""
    #: Export: the file that says what has come and what has not; empty where nothing has
    #: come, None while more may come.
    manifest: str | None = None
    created_at: datetime
    updated_at: datetime


class PlacementView(Message):
    """Where an item of an export goes: a folder or a lone file; ``placed`` once it is whole."""

    item_id: str
    path: str
    placed: bool


class AgentInfo(Message):
    """What the workstation service says of itself."""

    version: str
    account: str
    pid: int
    #: What of its background work keeps failing, as a sentence.
    trouble: str = ""


class IdentityView(Message):
    """The signed-in person."""

    identity: Identity
    groups: list[Group]


class TransferList(Message):
    """A page of transfers."""

    items: list[Transfer]
    next: str | None = None


TopicName = Literal["done", "failed", "cancelled", "attention"]


class NotificationChanges(Message):
    """How a person wishes to be told; the whole of it."""

    channels: list[Literal["inbox", "mail", "webhook"]] = ["inbox"]
    address: Annotated[str, StringConstraints(max_length=254)] = ""
    webhook_url: Annotated[str, StringConstraints(max_length=2048)] = ""
    #: What is mailed and posted; the inbox has everything.
    topics: list[TopicName] = ["done", "failed", "cancelled", "attention"]


class NotificationView(Message):
    """How a person is told. ``webhook_secret`` is only filled when it was just made."""

    channels: list[str]
    address: str
    address_verified: bool
    webhook_url: str
    topics: list[str] = []
    webhook_secret: str = ""


class AddressCode(Message):
    """The code that was mailed to an address."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=32)]


class NotificationTrial(Message):
    """Ask for an example over one channel."""

    channel: Literal["mail", "webhook"]


class InboxSeen(Message):
    """Everything up to this id was seen."""

    upto: Number


class InboxMessage(Message):
    """A notification as the inbox shows it."""

    id: int
    kind: str
    transfer_id: str
    state: str
    title: str
    text: str
    at: datetime
    read_at: datetime | None
    #: Addresses of the first images, for a browser.
    links: list[str] = []
