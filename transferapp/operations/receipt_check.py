"""Ask the repository whether it still holds what a receipt states, as a person.

By its own records, which is quick; or *deep*: every byte is read and hashed. Then few are at
work at once, and each ends with the connection of who asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from transferapp.errors import (
    Busy,
    ChecksumMismatch,
    Invalid,
    NoSuchFile,
    PermissionDenied,
)
from transferapp.operations.held_by_repository import (
    RepositoryFile,
    RepositoryFiles,
    held,
    in_batches,
    is_attached,
)
from transferapp.protocol.receipts import CheckLine, FileHolding, Holding
from transferapp.receipts.document import Receipt, ReceiptFile, ReceiptItem
from transferapp.repositories.port import Repository

#: Deep checks at a time; more are asked to come back.
_MOST_DEEP = 2
_COME_BACK_S = 60.0
#: Seconds between two signs of life while a large file is read.
_REPORT_EVERY_S = 2.0

_GONE = "'{path}' is not in the repository any more."
_GONE_OR_HIDDEN = (
    "'{path}' is not in the repository any more, or {owner}'s data is not to be seen by you."
)
_OTHER = "'{path}' has other bytes in the repository than those that were verified."
_OTHER_HASH = (
    "Of '{path}' the repository keeps no SHA-1 to compare with. A deep check reads its bytes."
)


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
        for batch in in_batches(self._receipt):
            async with self._repository.session(self._username) as session:
                found = await held(session, batch)
            for item in batch:
                async with aclosing(self._item(item, found)) as lines:
                    async for line in lines:
                        yield line

    async def _item(
        self, item: ReceiptItem, held_files: RepositoryFiles
    ) -> AsyncGenerator[CheckLine, None]:
        for file in item.files:
            found = held_files.of(file)
            holding, sentence = _by_records(file, found), ""
            if found is not None and self._is_deep and holding is not Holding.DIFFERS:
                try:
                    async with aclosing(self._reading(item, found)) as reading:
                        async for content in reading:
                            if content is None:
                                yield CheckLine(bytes_read=self._read)
                            else:
                                same = content == (file.size_bytes, file.sha1)
                                holding = Holding.HELD if same else Holding.DIFFERS
                except ChecksumMismatch:
                    holding = Holding.DIFFERS
                except NoSuchFile:
                    holding = Holding.GONE
                except PermissionDenied as error:
                    holding, sentence = Holding.UNKNOWN, f"'{file.path}': {error.message}"
            holding_of = self._holding(item, file, holding, sentence)
            yield CheckLine(file=holding_of, bytes_read=self._read)

    async def _reading(
        self, item: ReceiptItem, found: RepositoryFile
    ) -> AsyncGenerator[tuple[int, str] | None, None]:
        """Read a file; yields None as a sign of life, and at its end its size and SHA-1."""
        hasher, size = hashlib.sha1(usedforsecurity=False), 0
        # A session for each file: one would be held for hours.
        async with self._repository.session(self._username) as session:
            source = session.attachments if is_attached(item) else session.images
            pieces = cast("AsyncGenerator[bytes, None]", source.read(found.id))
            async with aclosing(pieces):
                async for piece in pieces:
                    await asyncio.to_thread(hasher.update, piece)
                    size += len(piece)
                    if self._is_due(len(piece)):
                        yield None
        yield size, hasher.hexdigest()

    def _is_due(self, count: int) -> bool:
        self._read += count
        if time.monotonic() - self._reported_s < _REPORT_EVERY_S:
            return False
        self._reported_s = time.monotonic()
        return True

    def _holding(
        self, item: ReceiptItem, file: ReceiptFile, holding: Holding, sentence: str
    ) -> FileHolding:
        is_own = self._username == self._receipt.owner
        sentence = sentence or {
            Holding.HELD: "",
            Holding.DIFFERS: _OTHER,
            Holding.GONE: _GONE if is_own else _GONE_OR_HIDDEN,
            Holding.UNKNOWN: _OTHER_HASH,
        }[holding].format(path=file.path, owner=self._receipt.owner)
        return FileHolding(item_id=item.id, path=file.path, holding=holding, sentence=sentence)


def _by_records(file: ReceiptFile, found: RepositoryFile | None) -> Holding:
    if found is None:
        return Holding.GONE
    if found.size_bytes != file.size_bytes or found.sha1 not in ("", file.sha1):
        return Holding.DIFFERS
    return Holding.HELD if found.sha1 else Holding.UNKNOWN
