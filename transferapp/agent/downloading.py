"""Fetch an export's files into the person's folder and tell the server that they are there."""

from __future__ import annotations

import asyncio
import errno
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from typing_extensions import override

from transferapp import errors
from transferapp.agent.records import FileRecord, ItemStage, Moved
from transferapp.agent.running import Run
from transferapp.agent.threads import in_daemon_thread
from transferapp.client.downloads import DownloadOrder, download_file
from transferapp.client.names import alternatives, local_path, part_path
from transferapp.client.server import ServerClient
from transferapp.model.transfers import ItemState, TransferDetails, TransferFile, TransferItem
from transferapp.protocol.messages import FileOnDisk

_READY = frozenset({ItemState.READY, ItemState.DOWNLOADING})
_ENDED = {
    ItemState.DELIVERED: ItemStage.DONE,
    ItemState.FAILED: ItemStage.FAILED,
    ItemState.CANCELLED: ItemStage.CANCELLED,
}


class ExportRun(Run):
    """One export under way."""

    @property
    @override
    def moving(self) -> ItemState:
        """The word for bytes on their way."""
        return ItemState.DOWNLOADING

    @override
    async def take_over(self, server: ServerClient, details: TransferDetails) -> None:
        """Take in items that are ready now, with the places of their files."""
        rows = await asyncio.to_thread(self.bench.outbox.items, self.transfer_id)
        known = {row.item_id: row.stage for row in rows}
        if any(item.state in _READY and item.id not in known for item in details.items):
            details = await server.transfer(self.transfer_id, files=True)
        for item in details.items:
            stage = _ENDED.get(item.state)
            if stage is not None and known.get(item.id) is not stage:
                await asyncio.to_thread(
                    self.bench.outbox.add_item, self.transfer_id, item.id, item.name, []
                )
                await self.set_stages([item.id], stage)
            elif item.state in _READY and item.id not in known:
                await asyncio.to_thread(self._add, item, details.files)

    @override
    async def move(self, server: ServerClient, file: FileRecord) -> Moved:
        """Download a file, verified, to its place."""
        await asyncio.to_thread(must_be_writable, Path(self.record.destination))
        order = DownloadOrder(
            transfer_id=self.transfer_id,
            file_id=file.file_id,
            destination=Path(file.path),
            size_bytes=file.size_bytes,
            sha1=file.sha1,
            grant=self.record.grant.get_secret_value(),
            cancelled=self.cancelled,
            limit=self.bench.rate_limit,
        )
        client = self.bench.bulk(self.record.server_url)
        fetched = await in_daemon_thread(
            partial(download_file, client, order, self.listener(file))
        )
        return Moved(fetched.sha1)

    @override
    async def before_end(self, server: ServerClient) -> None:
        """Nothing: an export has no source here."""

    @override
    async def after_files(self, server: ServerClient) -> None:
        """Tell the server of every item whose files are all in place."""
        for item in await asyncio.to_thread(self.bench.outbox.items, self.transfer_id):
            if item.stage is not ItemStage.OPEN:
                continue
            files = await asyncio.to_thread(self.bench.outbox.files, item.item_id)
            if files and all(file.done for file in files):
                sums = {file.file_id: file.sha1 for file in files}
                await server.delivered(self.transfer_id, item.item_id, sums)
                await self.set_stages([item.item_id], ItemStage.DONE)

    def _add(self, item: TransferItem, files: Iterable[TransferFile]) -> None:
        mine = [file for file in files if file.item_id == item.id]
        folder = Path(self.record.destination)
        outbox = self.bench.outbox
        try:
            places = place_files(folder, item.name, [file.client_path for file in mine])
        except errors.NameNotAllowed as error:
            outbox.add_item(self.transfer_id, item.id, item.name, [])
            outbox.set_stages([item.id], ItemStage.TROUBLE, (error.code, error.message))
            return
        on_disk = [
            FileOnDisk(
                file_id=file.id,
                client_path=file.client_path,
                path=str(place),
                size_bytes=file.size_bytes,
                modified_ns=0,
            )
            for file, place in zip(mine, places, strict=True)
        ]
        outbox.add_item(self.transfer_id, item.id, item.name, on_disk)
        outbox.set_sums({file.id: file.sha1 for file in mine})


def place_files(folder: Path, name: str, client_paths: list[str]) -> list[Path]:
    """Choose where an item's files go: one file right there, several in a folder of their own.

    Files of one image name each other, so none may be renamed; the folder may.
    Raises NameNotAllowed.
    """
    paths = [PurePosixPath(path) for path in client_paths]
    if len(paths) == 1:
        return [local_path(folder, paths[0].name)]
    shared = _shared_folder(paths)
    wanted = local_path(folder, shared.name or name.replace("/", "_"))
    own = next(path for path in alternatives(wanted) if not path.exists())
    return [local_path(own, path.relative_to(shared).as_posix()) for path in paths]


def drop_parts(files: Iterable[FileRecord]) -> None:
    """Delete what a cancelled export has left of files that did not arrive."""
    for file in files:
        try:
            part_path(Path(file.path), file.file_id).unlink(missing_ok=True)
        except OSError:
            continue  # the drive is gone; nothing of ours is on it any more


def must_be_writable(folder: Path) -> None:
    """Raise StorageFull or DestinationUnwritable when nothing can be put into a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.StorageFull(
                f"The disk of {folder} is full. Free space; the export continues by itself."
            ) from error
        raise errors.DestinationUnwritable(
            f"{folder} cannot be written ({error.strerror}). Connect the drive, or give your"
            " account the right to write there; the export continues by itself."
        ) from error


def _shared_folder(paths: list[PurePosixPath]) -> PurePosixPath:
    shared = paths[0].parent
    while not all(path.is_relative_to(shared) for path in paths):
        shared = shared.parent
    return shared
