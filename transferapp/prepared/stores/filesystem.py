"""Prepared files in folders beside the database, one for each item.

``ID.part`` is being written; ``ID`` is published, with its list in ``ID.json``, which is
written last and makes it so. ``ID.notes`` is what its makers tell each other.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from typing_extensions import override

from transferapp import errors
from transferapp.host.durability import sync
from transferapp.host.paths import private_folder
from transferapp.host.private_file import write_private_text
from transferapp.prepared.port import NOTHING_KNOWN, Begun, Prepared, PreparedFile

_ID = re.compile(r"[0-9a-f]{32}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class FilesystemPrepared(Prepared):
    """Prepared files in one folder that server and workers share."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, made when it is missing; raises Unavailable."""
        with _disk_errors():
            self._folder = private_folder(folder)

    @override
    async def begin(self, item_id: str) -> Path:
        return await asyncio.to_thread(self._begin, self._checked(item_id))

    @override
    async def begun(self, item_id: str) -> Begun:
        return await asyncio.to_thread(self._begun, self._checked(item_id))

    @override
    async def publish(
        self, item_id: str, known: Mapping[str, PreparedFile] = NOTHING_KNOWN
    ) -> list[PreparedFile]:
        return await asyncio.to_thread(self._publish, self._checked(item_id), known)

    @override
    async def path(self, item_id: str, client_path: str) -> Path:
        return await asyncio.to_thread(self._path, self._checked(item_id), client_path)

    @override
    async def discard(self, item_id: str) -> None:
        if _ID.fullmatch(item_id):
            await asyncio.to_thread(self._discard, self._folder / item_id)

    @override
    async def free_bytes(self) -> int:
        return await asyncio.to_thread(self._free_bytes)

    @override
    async def ids(self) -> list[str]:
        return await asyncio.to_thread(self._ids)

    def _checked(self, item_id: str) -> Path:
        if not _ID.fullmatch(item_id):
            raise errors.NoSuchFile
        return self._folder / item_id

    def _begin(self, place: Path) -> Path:
        with _disk_errors():
            self._discard(place)
            private_folder(place.with_suffix(".notes"))
            return private_folder(place.with_suffix(".part"))

    def _begun(self, place: Path) -> Begun:
        with _disk_errors():
            written, notes = place.with_suffix(".part"), place.with_suffix(".notes")
            files = written if written.exists() else place
            if not (files.exists() and notes.exists()):
                raise errors.NoSuchFile("Nothing of this is being made.")
            return Begun(files, notes)

    def _publish(self, place: Path, known: Mapping[str, PreparedFile]) -> list[PreparedFile]:
        with _disk_errors():
            listed = place.with_suffix(".json")
            if not listed.exists():
                written = place.with_suffix(".part")
                if written.exists():
                    shutil.rmtree(place, ignore_errors=True)
                    written.rename(place)
                files = [_prepared(place, path, known) for path in _files_below(place)]
                for folder in (place, *(one for one in place.rglob("*") if one.is_dir())):
                    sync(folder)
                write_private_text(listed, json.dumps([asdict(one) for one in files]))
                sync(self._folder)
            return [PreparedFile(**one) for one in json.loads(listed.read_bytes())]

    def _path(self, place: Path, client_path: str) -> Path:
        with _disk_errors():
            wanted = place.joinpath(*client_path.split("/"))
            published = place.with_suffix(".json").exists()
            inside = wanted.resolve().is_relative_to(place.resolve())
            if not (published and inside and wanted.is_file()):
                raise errors.NoSuchFile(
                    "This prepared file is not there (any more). Export the image again."
                )
            return wanted

    def _discard(self, place: Path) -> None:
        with _disk_errors():
            # The list first: without it nothing is published.
            place.with_suffix(".json").unlink(missing_ok=True)
            for folder in (place, place.with_suffix(".part"), place.with_suffix(".notes")):
                if folder.exists():
                    shutil.rmtree(folder)

    def _free_bytes(self) -> int:
        with _disk_errors():
            return shutil.disk_usage(self._folder).free

    def _ids(self) -> list[str]:
        with _disk_errors():
            names = {path.stem for path in self._folder.iterdir()}
        return sorted(name for name in names if _ID.fullmatch(name))


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _prepared(folder: Path, path: Path, known: Mapping[str, PreparedFile]) -> PreparedFile:
    name, size = path.relative_to(folder).as_posix(), path.stat().st_size
    if name in known and known[name].size_bytes == size:
        return known[name]
    with path.open("rb") as file:
        sha1 = hashlib.file_digest(file, _sha1).hexdigest()
    sync(path)
    return PreparedFile(name, size, sha1)


def _sha1() -> hashlib._Hash:
    return hashlib.sha1(usedforsecurity=False)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise errors.NoSuchFile("This prepared file does not exist (any more).") from error
    except OSError as error:
        if error.errno in _FULL:
            raise errors.StorageFull(
                "The server's disk is full, so the files of an export cannot be prepared."
                " Nothing is lost; it goes on when there is space."
            ) from error
        raise errors.Unavailable(
            f"The server's folder of prepared files does not work: {error.strerror}."
        ) from error
