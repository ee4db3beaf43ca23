"""Read original files from OMERO: clamped, in pieces, and checked when read as a whole."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from transferapp.errors import ChecksumMismatch, NoSuchFile, TransferAppError
from transferapp.model.images import OriginalFile
from transferapp.repositories.omero.catalogue.mapping import original_file
from transferapp.repositories.omero.errors import kept_back, translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.reading.mounted import open_mounted
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.omero.sessions.group_policies import group_policies

_PIECE = 1024 * 1024
_WHERE = (
    "select o.id, o.id, o.name, o.size, h.value, o.hash, o.path, o.details.group.id"
    " from OriginalFile o left outer join o.hasher h where o.id = :id"
)


class OmeroHasher(Protocol):
    """The part of hashlib's objects that is used."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def hexdigest(self) -> str:
        """Return the checksum as OMERO writes it."""


class _Checksum32:
    """CRC-32 and Adler-32, which OMERO writes with the least byte first."""

    def __init__(self, function: Any, start: int) -> None:
        self._function, self._value = function, start

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def hexdigest(self) -> str:
        return int(self._value).to_bytes(4, "little").hex()


class _Size:
    """File-Size-64, the weakest of all checksums."""

    def __init__(self) -> None:
        self._size = 0

    def update(self, data: bytes, /) -> None:
        self._size += len(data)

    def hexdigest(self) -> str:
        return self._size.to_bytes(8, "little").hex()


def hasher(name: str) -> OmeroHasher | None:
    """Return an object for OMERO's algorithm; None for those that we cannot compute."""
    if name == "SHA1-160":
        return hashlib.sha1(usedforsecurity=False)
    if name == "MD5-128":
        return hashlib.md5(usedforsecurity=False)
    if name in {"CRC-32", "Adler-32"}:
        is_crc = name == "CRC-32"
        return _Checksum32(zlib.crc32 if is_crc else zlib.adler32, 0 if is_crc else 1)
    return _Size() if name == "File-Size-64" else None


async def read_file(
    omero_session: OmeroSessionContext, file_id: int, offset: int, length: int | None
) -> AsyncGenerator[bytes, None]:
    """Yield pieces of 1 MiB; raises NoSuchFile, PermissionDenied, ChecksumMismatch."""
    opened = await omero_session.run(_open, omero_session, file_id)
    file, size = opened.file, opened.size
    start = min(max(0, offset), size)
    end = size if length is None else min(size, start + max(0, length))
    whole = start == 0 and end == size
    check = hasher(file.hasher) if whole else None
    try:
        while start < end:
            piece = await omero_session.run(opened.source.read, start, min(_PIECE, end - start))
            start += len(piece)
            if check is not None:
                check.update(piece)
            yield piece
    finally:
        with suppress(TransferAppError):
            await omero_session.run(opened.source.close)
    if check is not None and file.hash and check.hexdigest() != file.hash:
        raise ChecksumMismatch(
            f"The file '{file.name}' in OMERO does not match its own checksum. Tell your OMERO"
            " administrator."
        )


class _Source(Protocol):
    """Where the bytes of a file come from; its methods block."""

    def read(self, start: int, count: int) -> bytes:
        """Return bytes that lie in the file, at least one."""

    def close(self) -> None:
        """Close it."""


@dataclass(frozen=True, slots=True)
class _Opened:
    file: OriginalFile
    size: int
    source: _Source


def _open(omero_session: OmeroSessionContext, file_id: int) -> _Opened:
    found = omero_session.rows(_WHERE, id=file_id)
    if not found:
        raise NoSuchFile(f"OMERO has no file {file_id}, or you may not see it.")
    *row, path, group_id = found[0]
    file = original_file(row)
    mounted = open_mounted(omero_session, file_id, group_id, f"{path or ''}/{file.name}")
    if mounted is not None:
        return _Opened(file, mounted.size, mounted)
    store = omero_session.gateway.file_store(group_id)
    source = _FromOmero(omero_session, store, group_id)
    try:
        store.setFileId(file_id)
        return _Opened(file, int(store.size()), source)
    except BaseException:
        source.close()
        raise


@dataclass(frozen=True, slots=True)
class _FromOmero:
    """A file that is read through OMERO's image API."""

    omero_session: OmeroSessionContext
    store: Any
    group_id: int

    def read(self, start: int, count: int) -> bytes:
        # Past the end OMERO pads with zeros, so it is never asked for that.
        try:
            return bytes(self.store.read(start, count))[:count]
        except omero.SecurityViolation as error:
            # Opening was allowed. OMERO looks at its policy at each read, also in the middle.
            policy = _policy_of(self.omero_session, self.group_id)
            raise kept_back(error, policy) from error

    def close(self) -> None:
        # A store that cannot be closed ends with its session.
        with suppress(TransferAppError), translated():
            self.store.close()


def _policy_of(omero_session: OmeroSessionContext, group_id: int) -> str:
    """Say which policy a group has of its own; "" where it has none, or OMERO does not say."""
    with suppress(TransferAppError), translated():
        for id_, name, stated in group_policies(omero_session.gateway):
            if id_ == group_id:
                return f"; the group '{name}' has '{stated}'"
    return ""
