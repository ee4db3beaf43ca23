"""Exports without a server: the real outbox and disk, and files that just arrive."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePath

import pytest
from pydantic import SecretStr

from transferapp.agent.destination import Destination
from transferapp.agent.outbox import Outbox, open_outbox
from transferapp.agent.records import FileRecord, Moved
from transferapp.client.names import part_name
from transferapp.client.partial_file import finalize
from transferapp.host import folders, renaming
from transferapp.host.clock import SystemClock
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.export_places import (
    ImageLocation,
    ItemPlace,
    NamedContainer,
    PlacedImage,
    WellField,
)
from transferapp.model.promises import Promises
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import (
    ItemState,
    Transfer,
    TransferDetails,
    TransferFile,
    TransferItem,
    TransferKind,
)
from transferapp.protocol.messages import Submission

#: A fileset's files by client path.
Contents = dict[str, bytes]

#: Every call by which a destination changes.
CHANGES = ("mkdir", "rmdir", "link", "unlink", "replace", "fsync")


_MANIFEST = re.compile(r"\.[0-9a-f]{8}\.(manifest\.json|images\.csv|sha1)$")

#: Closed after each unit test.
_opened: list[Outbox] = []


def close_outboxes() -> None:
    """Close those of every workstation so far."""
    while _opened:
        _opened.pop().close()


class Crash(BaseException):
    """The service is gone, as by kill -9."""


@dataclass
class Workstation:
    """One service with its outbox; ``export`` begins, ``work`` goes on, until all is done."""

    home: Path
    outbox: Outbox = field(init=False)
    contents: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outbox = open_outbox(self.home / "outbox.db", SystemClock())
        _opened.append(self.outbox)

    def export(
        self,
        transfer_id: str,
        to: Path,
        *filesets: Contents,
        ways: Sequence[str] = (),
        fields: Sequence[str] = (),
    ) -> None:
        """Take an export on, its items ready; ``ways`` ("Project/Dataset") are what the server
        says of each, and ``fields`` their paths in a well.
        """
        self.outbox.add(
            Submission(
                kind="export",
                transfer_id=transfer_id,
                name="out",
                owner="alice@s",
                server_url="http://s",
                grant=SecretStr("ta1_x"),
                destination=str(to),
            )
        )
        items, files = [], []
        for number, contents in enumerate(filesets):
            item = _item(transfer_id, f"{transfer_id}-{number}")
            items.append(item)
            for place, (path, content) in enumerate(contents.items()):
                file_id = f"{number}{place}-{item.id}"
                sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
                files.append(TransferFile(file_id, item.id, path, len(content), sha1=sha1))
                self.contents[file_id] = content
        folders = [tuple(way.split("/")) for way in ways] or [()] * len(items)
        found = zip(items, folders, fields or [""] * len(items), strict=True)
        places = tuple(
            ItemPlace(way, (_image(number, way, field),), field, item.id)
            for number, (item, way, field) in enumerate(found, 1)
        )
        self.outbox.folders.keep(_details(transfer_id, items, places))
        self.destination(transfer_id).add(items, files)

    def destination(self, transfer_id: str) -> Destination:
        """As a service has it that was just started."""
        return Destination(self.outbox, self.outbox.submission(transfer_id))

    def work(self, transfer_id: str) -> bool:
        """Let the missing files arrive and place what is complete; True when all is."""
        destination = self.destination(transfer_id)
        for file in self.outbox.open_files(transfer_id):
            self._arrive(destination, file)
        done = True
        for item in self.outbox.items(transfer_id):
            if item.stage is ItemStage.OPEN and not destination.put_whole(item.item_id):
                done = False
        return done

    def _arrive(self, destination: Destination, file: FileRecord) -> None:
        inside = PurePath(file.path)
        part = part_name(inside.name, file.file_id)
        with (
            destination.open_part(file.item_id) as top,
            top.below(inside.parent.parts) as folder,
        ):
            if folder.sha1(inside.name, file.size_bytes) == file.sha1:
                folder.remove(part)
            else:
                with os.fdopen(folder.grow(part), "r+b") as grown:
                    grown.truncate(0)
                    grown.write(self.contents[file.file_id])
                finalize(folder, part, inside.name)
        self.outbox.finish_file(file.file_id, file.size_bytes, Moved(file.sha1))


@contextmanager
def crash_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Die before the n-th change of a disk; yields a list whose length is how many came."""
    came: list[int] = []

    def counted(original: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if len(came) == number:
                raise Crash
            came.append(1)
            return original(*args, **kwargs)

        return call

    with monkeypatch.context() as patched:
        for name in CHANGES:
            patched.setattr(os, name, counted(getattr(os, name)))
        patched.setattr(folders, "rename_new", counted(renaming.rename_new))
        yield came


def without_rename_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS, and with old C libraries."""
    monkeypatch.setattr(folders, "rename_new", lambda *_: False)


def tree(folder: Path) -> Contents:
    """Every file below a folder, hidden ones too; empty folders end with '/'."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink()).encode()
        elif path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found


def arrived(folder: Path) -> Contents:
    """What ``tree`` finds, but for the three files that say what has come."""
    return {name: content for name, content in tree(folder).items() if not is_manifest(name)}


def is_manifest(name: str) -> bool:
    """Whether a file is one of those three."""
    return _MANIFEST.search(name) is not None


def manifests(folder: Path) -> dict[str, Path]:
    """Those files by their endings, of the only export of a folder."""
    found = [path for path in folder.iterdir() if is_manifest(path.name)]
    by_ending = {path.name.split(".", 2)[2]: path for path in found}
    assert len(by_ending) == len(found)
    return by_ending


def companion(folder: str, number: int) -> Contents:
    """A companion set: three files that name each other."""
    names = ("img.companion.ome", "img_C0.ome.tif", "img_C1.ome.tif")
    return {f"{folder}/{name}": f"{number} {name}".encode() * 99 for name in names}


def zarr(folder: str, number: int) -> Contents:
    """An OME-Zarr of a few files."""
    names = ("zarr.json", "0/zarr.json", "0/c/0/0", "0/c/0/1", "1/c/0/0")
    return {f"{folder}/{name}": f"{number} {name}".encode() * 50 for name in names}


def placed_as(name: str, contents: Contents, root: str) -> Contents:
    """What a fileset looks like once its folder ``root`` stands as ``name``."""
    return {f"{name}/{path.removeprefix(f'{root}/')}": c for path, c in contents.items()}


def _image(number: int, way: tuple[str, ...], field: str) -> PlacedImage:
    """An image; of a field of a plate with its well."""
    name = f"image {number}"
    if not field:
        return PlacedImage(number, name)
    *_, plate, row, column = way
    box = NamedContainer(ContainerRef(ContainerKind.PLATE, 1), plate)
    well = WellField(ord(row) - ord("A"), int(column) - 1, int(field))
    return PlacedImage(number, name, (ImageLocation(number, (box,), well),))


def _details(
    transfer_id: str, items: Sequence[TransferItem], places: tuple[ItemPlace, ...]
) -> TransferDetails:
    form = "ome-zarr" if any(place.field for place in places) else "originals"
    at = datetime(2026, 1, 1, tzinfo=UTC)
    none = Promises(
        safe_to_log_off=False, safe_to_switch_off=False, safe_to_delete_source=False
    )
    transfer = Transfer(
        transfer_id, TransferKind.EXPORT, "out", "alice", ItemState.READY, at, at,
        len(items), 0, 0, 0, 0, 0, none, form=form,
    )  # fmt: skip
    return TransferDetails(transfer, tuple(items), places=places, repository="test")


def _item(transfer_id: str, item_id: str) -> TransferItem:
    return TransferItem(
        id=item_id,
        transfer_id=transfer_id,
        name=f"image of {item_id}",
        state=ItemState.READY,
        file_count=1,
        size_bytes=1,
        bytes_done=0,
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
