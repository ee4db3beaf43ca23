"""Which folders of this computer are wholly *covered*: every file in them is in a receipt, and
the repository still holds it. Nothing is deleted, here or there.

Cheap looks come first: a file whose size no receipt has is read by nobody, and neither are the
others of its folder, which is not covered whatever they hold.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferapp.client.folder_tree import ScannedFolder, walk
from transferapp.client.hashed_files import hash_file
from transferapp.client.receipt_files import ReceiptOnDisk
from transferapp.errors import SourceProblem, TransferAppError
from transferapp.protocol.receipts import FileHolding, Holding

#: Files that are named of each folder; what is more is counted.
MOST_NAMED = 20

#: What the repository has of a receipt's files, by item and client path.
HoldingByFile = Mapping[tuple[str, str], FileHolding]
#: Asks the server of one receipt; raises TransferAppError.
AskServer = Callable[[ReceiptOnDisk], Awaitable[HoldingByFile]]


@dataclass(frozen=True, slots=True)
class UncoveredFile:
    """A file that only lies here, as far as anybody can prove, and why in a sentence."""

    path: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FolderCoverage:
    """What is known of one folder that was asked for."""

    folder: str
    #: Every file in it is in the repository, or ignored by name.
    covered: bool
    files: int
    size_bytes: int
    ignored_files: int
    #: The largest folders in it that are covered, where it is not itself.
    covered_below: tuple[str, ...]
    #: At least so many files are not covered, and some of them. Beside one of them others are
    #: not looked at.
    uncovered_files: int
    uncovered: tuple[UncoveredFile, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A file in a receipt."""

    receipt: ReceiptOnDisk
    item_id: str
    path: str


class ReceiptIndex:
    """All receipts to count on, by what their files are."""

    def __init__(self, receipts: Iterable[ReceiptOnDisk]) -> None:
        """Take receipts of imports; others say nothing of the repository."""
        self.sizes: set[int] = set()
        self._places: defaultdict[tuple[int, str], list[_Place]] = defaultdict(list)
        for one in receipts:
            if one.receipt.kind != "import":
                continue
            for item in one.receipt.items:
                for file in item.files:
                    self.sizes.add(file.size_bytes)
                    place = _Place(one, item.id, file.path)
                    self._places[file.size_bytes, file.sha1].append(place)

    def places(self, size_bytes: int, sha1: str) -> list[_Place]:
        """Return where these bytes were imported to."""
        return self._places.get((size_bytes, sha1), [])


async def coverage(
    folders: Sequence[Path], receipts: ReceiptIndex, ask: AskServer
) -> list[FolderCoverage]:
    """Look at folders, then ask of each receipt that is needed whether all is still held."""
    trees = [await asyncio.to_thread(_scanned, folder, receipts) for folder in folders]
    known = [await asyncio.to_thread(_hashed, tree, receipts) for tree in trees]
    needed = {
        place.receipt.path: place.receipt
        for in_tree in known
        for file in in_tree
        for place in file.places
    }
    held: dict[Path, HoldingByFile | TransferAppError] = {}
    for path, receipt in needed.items():
        try:
            held[path] = await ask(receipt)
        except TransferAppError as error:
            held[path] = error
    for in_tree in known:
        for file in in_tree:
            if why_not := _not_held(file.places, held):
                file.folder.refuse(file.name, why_not)
    return [_coverage_of(tree) for tree in trees]


@dataclass(frozen=True, slots=True)
class _KnownFile:
    """A file whose bytes are in receipts."""

    folder: ScannedFolder
    name: str
    places: list[_Place]


def _scanned(folder: Path, receipts: ReceiptIndex) -> ScannedFolder:
    """List everything below, and refuse what a look alone tells. Blocks."""
    root = walk(folder)
    for one in root.all():
        for name, size in one.files.items():
            if size not in receipts.sizes:
                one.refuse(name, "No receipt has a file of its size.")
    if not any(one.files or one.why_not for one in root.all()):
        root.refuse("", "There is no file in it.")
    return root


def _hashed(root: ScannedFolder, receipts: ReceiptIndex) -> list[_KnownFile]:
    """Hash what may lie in a covered folder, and find it in receipts. Blocks for long."""
    known: list[_KnownFile] = []
    for folder in root.all():
        for name in folder.files:
            if folder.uncovered:
                break
            try:
                now = hash_file(Path(folder.path, name))
            except SourceProblem as error:
                folder.refuse(name, error.message)
                continue
            if places := receipts.places(now.size_bytes, now.sha1):
                known.append(_KnownFile(folder, name, places))
            else:
                folder.refuse(name, "No receipt has these bytes.")
    return known


def _not_held(
    places: list[_Place], held: Mapping[Path, HoldingByFile | TransferAppError]
) -> str:
    """Say why the repository does not hold any of these; empty when it does."""
    why_not = ""
    for place in places:
        answer = held[place.receipt.path]
        if isinstance(answer, TransferAppError):
            why_not = why_not or f"The repository could not be asked. {answer.message}"
            continue
        check = answer.get((place.item_id, place.path))
        if check is not None and check.holding is Holding.HELD:
            return ""
        why_not = check.sentence if check else "The server said nothing of it."
    return why_not


def _coverage_of(root: ScannedFolder) -> FolderCoverage:
    folders = list(root.all())
    refused = [
        UncoveredFile(str(Path(one.path, name)), sentence)
        for one in folders
        for name, sentence in one.why_not.items()
    ]
    return FolderCoverage(
        folder=root.path,
        covered=not root.uncovered,
        files=sum(len(one.files) for one in folders),
        size_bytes=sum(sum(one.files.values()) for one in folders),
        ignored_files=sum(one.ignored for one in folders),
        covered_below=tuple(
            one.path
            for one in folders
            if not one.uncovered and one.has_files and one.above and one.above.uncovered
        ),
        uncovered_files=len(refused),
        uncovered=tuple(refused[:MOST_NAMED]),
    )
