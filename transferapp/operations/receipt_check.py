"""Ask the repository whether it still holds what a receipt states, as a person.

By its own records, which is quick; or *deep*: every byte is read and hashed. Then few are at
work at once, and each ends with the connection of who asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import cast

from transferapp.errors import (
    Busy,
    ChecksumMismatch,
    ImageNotFound,
    Invalid,
    NoSuchFile,
)
from transferapp.model.images import OriginalFile
from transferapp.model.transfers import ItemRole
from transferapp.protocol.receipts import CheckLine, FileHolding, Holding
from transferapp.receipts.document import Receipt, ReceiptFile, ReceiptItem
from transferapp.repositories.port import Repository, RepositorySession

#: Deep checks at a time; more are asked to come back.
_MOST_DEEP = 2
_COME_BACK_S = 60.0
#: Seconds between two signs of life while a large file is read.
_REPORT_EVERY_S = 2.0
#: Images asked for at once.
_ASKED_AT_ONCE = 1000
_SHA1 = "SHA1-160"

_GONE = (
    "'{path}' is not in the repository any more, or {owner}'s data is not to be seen by you."
)
_OTHER = "'{path}' has other bytes in the repository than those that were verified."
_OTHER_HASH = (
    "Of '{path}' the repository keeps no SHA-1 to compare with. A deep check reads its bytes."
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A file as the repository has it."""

    id: int
    size_bytes: int
    sha1: str


class ReceiptChecks:
    """Checks receipts against the repository; one for a server."""

    def __init__(self, repository: Repository) -> None:
        """Read from ``repository``."""
        self._repository = repository
        #: Deep ones that run now.
        self.deep_checks = 0

    def check_kind(self, receipt: Receipt) -> None:
        """Raise Invalid for a receipt of an export."""
        if receipt.kind != "import":
            raise Invalid(
                "This receipt is of an export: its files lie where they were delivered. Compare"
                " them with 'transferapp receipt verify FILE --files FOLDER'."
            )

    async def check(
        self, username: str, receipt: Receipt, *, deep: bool
    ) -> AsyncGenerator[CheckLine, None]:
        """Yield a line for each file, and signs of life; raises what the repository raises,
        and Busy while enough deep checks run.
        """
        if deep and self.deep_checks >= _MOST_DEEP:
            raise Busy(
                "Others' files are being read just now. Try again in some minutes.",
                retry_after_s=_COME_BACK_S,
            )
        self.deep_checks += deep
        try:
            one = _Check(self._repository, username, receipt, deep)
            async with aclosing(one.lines()) as lines:
                async for line in lines:
                    yield line
        finally:
            self.deep_checks -= deep


class _Check:
    """One check under way."""

    def __init__(
        self,
        repository: Repository,
        username: str,
        receipt: Receipt,
        deep: bool,  # noqa: FBT001 - private, named by its only caller
    ) -> None:
        self._repository = repository
        self._username = username
        self._receipt = receipt
        self._is_deep = deep
        self._read = 0
        self._reported_s = time.monotonic()

    async def lines(self) -> AsyncGenerator[CheckLine, None]:
        for item in self._receipt.items:
            # A session for each: of a large receipt one would be held for hours.
            async with self._repository.session(self._username) as session:
                held = await _held_of(session, item)
                for file in item.files:
                    async with aclosing(self._file(session, item, file, held)) as lines:
                        async for line in lines:
                            yield line

    async def _file(
        self,
        session: RepositorySession,
        item: ReceiptItem,
        file: ReceiptFile,
        held: _RepositoryFiles,
    ) -> AsyncGenerator[CheckLine, None]:
        found = held.of(file)
        holding = _by_records(file, found)
        reads = self._is_deep and holding in (Holding.HELD, Holding.UNKNOWN)
        if found is not None and reads:
            hasher, size = hashlib.sha1(usedforsecurity=False), 0
            source = session.attachments if _is_attached(item) else session.images
            try:
                pieces = cast("AsyncGenerator[bytes, None]", source.read(found.id))
                async with aclosing(pieces):
                    async for piece in pieces:
                        await asyncio.to_thread(hasher.update, piece)
                        size += len(piece)
                        if self._is_due(len(piece)):
                            yield CheckLine(bytes_read=self._read)
            except ChecksumMismatch:
                holding = Holding.DIFFERS
            except NoSuchFile:
                holding = Holding.GONE
            else:
                same = (size, hasher.hexdigest()) == (file.size_bytes, file.sha1)
                holding = Holding.HELD if same else Holding.DIFFERS
        yield CheckLine(file=self._holding(item, file, holding), bytes_read=self._read)

    def _is_due(self, count: int) -> bool:
        self._read += count
        if time.monotonic() - self._reported_s < _REPORT_EVERY_S:
            return False
        self._reported_s = time.monotonic()
        return True

    def _holding(self, item: ReceiptItem, file: ReceiptFile, holding: Holding) -> FileHolding:
        sentence = {
            Holding.HELD: "",
            Holding.DIFFERS: _OTHER,
            Holding.GONE: _GONE,
            Holding.UNKNOWN: _OTHER_HASH,
        }[holding].format(path=file.path, owner=self._receipt.owner)
        return FileHolding(item_id=item.id, path=file.path, holding=holding, sentence=sentence)


class _RepositoryFiles:
    """What the repository has of one item, by its ids and by client path."""

    def __init__(self, found: dict[int, _Found], by_path: dict[str, int]) -> None:
        self._found = found
        self._by_path = by_path

    def of(self, file: ReceiptFile) -> _Found | None:
        """Return what it has of a file of a receipt; None for nothing."""
        number = file.repository_id
        if number is None:
            number = self._by_path.get(file.path, -1)
        return self._found.get(number)


async def _held_of(session: RepositorySession, item: ReceiptItem) -> _RepositoryFiles:
    if _is_attached(item):
        return await _attached(session, item)
    held: list[OriginalFile] = []
    for start in range(0, len(item.image_ids), _ASKED_AT_ONCE):
        asked = item.image_ids[start : start + _ASKED_AT_ONCE]
        # One image of a fileset may be deleted while its files stay.
        there = [image.id for image in await session.images.summaries(asked)]
        if there:
            with suppress(ImageNotFound):  # Deleted just now.
                held = await session.images.files(there)
                break
    mine = [one for one in held if item.fileset_id in (None, one.fileset_id)]
    found = {
        one.id: _Found(one.id, one.size_bytes, one.hash if one.hasher == _SHA1 else "")
        for one in mine
    }
    return _RepositoryFiles(found, {one.client_path: one.id for one in mine})


async def _attached(session: RepositorySession, item: ReceiptItem) -> _RepositoryFiles:
    found: dict[int, _Found] = {}
    for file in item.files:
        with suppress(NoSuchFile):
            if file.repository_id is not None:
                one = await session.attachments.get(file.repository_id)
                found[one.id] = _Found(one.id, one.size_bytes, one.sha1)
    return _RepositoryFiles(found, {})


def _is_attached(item: ReceiptItem) -> bool:
    return item.role == ItemRole.ATTACHMENTS


def _by_records(file: ReceiptFile, found: _Found | None) -> Holding:
    if found is None:
        return Holding.GONE
    if found.size_bytes != file.size_bytes or found.sha1 not in ("", file.sha1):
        return Holding.DIFFERS
    return Holding.HELD if found.sha1 else Holding.UNKNOWN
