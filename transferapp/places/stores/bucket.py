"""A place that is a bucket of an object store, through obstore.

An object is there as a whole or not at all, so a file that an attempt was killed in is sent
anew. Which item has brought an object stands in its metadata.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import obstore
import structlog
from obstore import exceptions
from obstore.store import ObjectStore
from typing_extensions import override

from transferapp.errors import (
    Denied,
    NameTaken,
    NoSuchFile,
    PlaceUnavailable,
    StorageFull,
)
from transferapp.places.names import person_folder
from transferapp.places.port import BroughtFile, FacilityPlace, Spot
from transferapp.places.stores.unfinished_uploads import UnfinishedUploads

_log = structlog.get_logger(__name__)

_MARK = "transferapp-item"
#: Bytes of a part; 10,000 parts of S3 make 320 GB.
_PART = 32 << 20
_PARTS_AT_ONCE = 2
#: What object stores write where there is no room (RFC 4918, Ceph, MinIO).
_FULL = ("507", "QuotaExceeded", "StorageFull", "InsufficientStorage")


class BucketPlace(FacilityPlace):
    """A bucket, or a folder in one; ``write`` raises NameTaken where another's object is."""

    def __init__(
        self, name: str, store: ObjectStore, unfinished: UnfinishedUploads | None = None
    ) -> None:
        """Use ``store``, whose root is the place. ``unfinished``: its uploads that were begun
        and never ended; None where the store ends them itself.
        """
        self._name, self._store = name, store
        self._unfinished = unfinished

    @override
    async def check(self) -> None:
        with self._store_errors():
            await obstore.put_async(self._store, ".transferapp/check", b"")
            await obstore.delete_async(self._store, ".transferapp/check")

    @override
    async def is_free(self, spot: Spot) -> bool:
        key = _key(spot)
        with self._store_errors():
            async for page in obstore.list(self._store, key, chunk_size=1):
                if page:
                    return False
            return await self._about(key) is None

    @override
    async def begun(self, spot: Spot, file: BroughtFile) -> int:
        with self._store_errors():
            about = await self._about(_key(spot, file))
        return file.size_bytes if _is_ours(about, spot, file) else 0

    @override
    async def write(
        self, spot: Spot, file: BroughtFile, offset: int, pieces: AsyncIterator[bytes]
    ) -> None:
        if offset:
            return  # Of an object all bytes are there, or none.
        key = _key(spot, file)
        with self._store_errors():
            about = await self._about(key)
            if about is not None and about[0].get(_MARK) != spot.item_id:
                raise NameTaken(f"'{file.path}' is there already.")
            await self._end_unfinished(key)
            await obstore.put_async(
                self._store,
                key,
                pieces if file.size_bytes else b"",
                attributes={_MARK: spot.item_id},
                use_multipart=file.size_bytes > _PART,
                chunk_size=_PART,
                max_concurrency=_PARTS_AT_ONCE,
            )

    @override
    async def sha1(self, spot: Spot, file: BroughtFile) -> str:
        digest = hashlib.sha1(usedforsecurity=False)
        with self._store_errors():
            try:
                found = await obstore.get_async(self._store, _key(spot, file))
            except FileNotFoundError as error:
                raise self._missing(file) from error
            async for piece in found.stream(min_chunk_size=1 << 20):
                digest.update(piece)
        return digest.hexdigest()

    @override
    async def publish(self, spot: Spot, files: Sequence[BroughtFile]) -> str:
        with self._store_errors():
            for file in files:
                if not _is_ours(await self._about(_key(spot, file)), spot, file):
                    raise self._missing(file)
        return spot.item_id

    @override
    async def remove(self, spot: Spot, files: Sequence[BroughtFile], mark: str) -> int:
        stay = 0
        with self._store_errors():
            for file in files:
                key = _key(spot, file)
                about = await self._about(key)
                if about is not None and about[0].get(_MARK) != mark:
                    stay += 1
                elif about is not None:
                    await obstore.delete_async(self._store, key)
        return stay

    @override
    async def discard(self, spot: Spot) -> None:
        await self._end_unfinished(_key(spot))
        with self._store_errors():
            async for page in obstore.list(self._store, _key(spot)):
                for one in page:
                    about = await self._about(one["path"])
                    if about is not None and about[0].get(_MARK) == spot.item_id:
                        await obstore.delete_async(self._store, one["path"])

    async def _end_unfinished(self, key: str) -> None:
        """End what a killed attempt left of an object, or of all below it."""
        if self._unfinished is None:
            return
        try:
            ended = await self._unfinished.end(key)
        except PlaceUnavailable as error:
            # The export does not depend on it: they only take room.
            _log.warning("unfinished uploads not ended", target=self._name, error=str(error))
            return
        if ended:
            _log.info("unfinished uploads ended", target=self._name, count=ended)

    async def _about(self, key: str) -> tuple[dict[str, Any], int] | None:
        """Return an object's metadata and size in bytes; None where there is none."""
        with suppress(FileNotFoundError):
            found = await obstore.get_async(self._store, key, options={"head": True})
            return dict(found.attributes), found.meta["size"]
        return None

    def _missing(self, file: BroughtFile) -> NoSuchFile:
        return NoSuchFile(f"'{file.path}' is not complete at the place '{self._name}'.")

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        try:
            yield
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise Denied(
                f"The place '{self._name}' does not take what the server's worker signs in"
                " with. Tell the administrator of the server, then press Retry. Nothing is"
                " lost."
            ) from error
        except (exceptions.BaseError, OSError) as error:
            # The store's own words hold addresses and headers: they say nothing to a person.
            if any(term in str(error) for term in _FULL):
                raise StorageFull(
                    f"The place '{self._name}' is full. Nothing is lost: the export continues"
                    " by itself when there is space."
                ) from error
            raise PlaceUnavailable(
                f"The place '{self._name}' does not answer. Nothing is lost. The export"
                " continues when it is back."
            ) from error


def _key(spot: Spot, file: BroughtFile | None = None) -> str:
    key = f"{person_folder(spot.username)}/{spot.folder}"
    return f"{key}/{file.path}" if file else key


def _is_ours(about: tuple[dict[str, Any], int] | None, spot: Spot, file: BroughtFile) -> bool:
    if about is None:
        return False
    attributes, size_bytes = about
    return attributes.get(_MARK) == spot.item_id and size_bytes == file.size_bytes
