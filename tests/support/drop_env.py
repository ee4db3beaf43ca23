"""A workstation, a server and a repository as far as promises about a source need them.

The import list, ledger and outbox are the real ones; what the worker would put into the
repository is noted as the bytes that were read.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import uuid4

import numpy as np
import tifffile
import zarr
from pydantic import SecretStr

from tests.support.duplicate_files import HoldingServer
from tests.support.transfer_fakes import FakeServer, FakeSession
from transferapp.agent.outbox import Outbox, open_outbox
from transferapp.agent.progress import Progress
from transferapp.agent.records import Moved
from transferapp.agent.source_scan import compare
from transferapp.agent.views import view_of
from transferapp.client.dropping import Dropped, drop_message, drop_on_disk
from transferapp.desktop.imports.drop import dropped
from transferapp.desktop.imports.duplicates import FilesetDuplicates
from transferapp.desktop.imports.list import scan_at
from transferapp.desktop.imports.rows import ImportRows
from transferapp.desktop.transfers.promise_texts import promise_lines
from transferapp.desktop.transfers.rows import merge
from transferapp.errors import StateConflict
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.file_names import is_litter
from transferapp.intake.preflight import PreflightSettings
from transferapp.ledger.port import ItemChange, NewTransfer, PlannedItem, PlannedTransferFile
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.drops import LeftOutReason
from transferapp.model.duplicates import DuplicateFileset
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import ItemState, Transfer, TransferDetails, TransferKind
from transferapp.protocol.messages import (
    FileOnDisk,
    Submission,
    SubmissionView,
    SubmittedItem,
)
from transferapp.testing.moves import PUT, PUT_ANYHOW

T = TypeVar("T")
CLOCK = SystemClock()
LONG_AGO_NS = 1_700_000_000 * 10**9
IMPORTED = ItemChange(ItemState.IMPORTED, verified=True)


class Stores:
    """Ledger and outbox, opened once for many worlds."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.engine = open_engine(sqlite_url(folder / "ledger.db"))
        self.ledger = SqlLedger(self.engine, CLOCK)
        self.outbox: Outbox = open_outbox(folder / "outbox" / "outbox.db", CLOCK)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        self.run(self.ledger.close())
        self.runner.close()
        self.outbox.close()
        self.engine.dispose()


class DropEnv:
    """One folder, dropped and imported."""

    def __init__(self, stores: Stores, folder: Path) -> None:
        self.stores, self.folder = stores, folder
        self.folder.mkdir(parents=True)
        self.rows = ImportRows()
        self.litter = 0
        self.ignored: set[Path] = set()
        self.transfer_id = ""
        self.candidates: list[FilesetCandidate] = []
        #: The repository: what was stored of a path, by SHA-1, once its item is verified.
        self.held: dict[Path, str] = {}
        #: What the repository has of earlier imports, and what the window knows of that.
        self.before = HoldingServer()
        session = FakeSession()
        session.username = "ada"
        session.server = cast("FakeServer", self.before)
        self.known = FilesetDuplicates(session.as_session())
        self._read: dict[Path, str] = {}
        self._made = 0

    # On disk ------------------------------------------------------------------------------

    def put(self, kind: str, *, fresh: bool = False) -> None:
        """Make a file (or a Zarr) of a kind."""
        self._made += 1
        number = self._made
        path = self.folder / _NAMES[kind].format(number)
        path.parent.mkdir(exist_ok=True)
        if kind == "zarr":
            pixels: Any = np.full((4, 4), number, "uint8")
            zarr.save_array(path / "0", pixels, zarr_format=3)
            (path / "zarr.json").write_text(_ZARR_GROUP)
        elif kind in ("image", "cut", "nested"):
            tifffile.imwrite(path, np.full((16, 16), number, "uint16"))
            if kind == "cut":
                os.truncate(path, path.stat().st_size - 100)
        else:
            apple = b"\0\5\x16\7" if kind == "litter" else b""
            path.write_bytes(apple + f"{kind} {number}".encode())
        self._settle(path, fresh=fresh)

    def change(self, path: Path, *, quietly: bool) -> None:
        """Change a file's content; quietly: size and time stay."""
        before = path.stat()
        content = bytearray(path.read_bytes())
        content[-1] ^= 0xFF
        other = path.with_name("swap.tmp")
        other.write_bytes(content if quietly else content + b"more")
        if quietly:
            os.utime(other, ns=(before.st_mtime_ns, before.st_mtime_ns))
        other.replace(path)

    def files(self) -> list[Path]:
        """Every file that is there now."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def _settle(self, path: Path, *, fresh: bool) -> None:
        if not fresh:
            for one in (path, *path.rglob("*")):
                os.utime(one, ns=(LONG_AGO_NS, LONG_AGO_NS))

    # The import list ----------------------------------------------------------------------

    def drop(self) -> None:
        """Drop the folder, or look at it again."""
        scan = scan_at([self.folder], threading.Event(), lambda _: None, PreflightSettings())
        self.rows.add(scan.rows)
        self.litter = scan.ignored_count

    def hold(self, key: str, owner: str) -> None:
        """The files of a row, as they are now, are what somebody has imported before."""
        row = next(row for row in self.rows.all if row.key == key)
        if row.candidate is not None and all(f.path.exists() for f in row.candidate.files):
            number = len(self.before.held) + 1
            self.before.hold(row.candidate, DuplicateFileset(number, owner, (number,)))

    def ask(self) -> None:
        """Compare the list with what the repository has."""
        self.stores.run(self.known.ask(self.rows.all))
        self.rows.know(self.known.duplicate_of, self.known.keys)

    def leave_out_duplicates(self) -> None:
        """Press: Leave these out."""
        work = self.known.leave_out(self.rows.included, threading.Event(), lambda _: None)
        self.rows.include(self.stores.run(work), included=False)
        self.rows.know(self.known.duplicate_of, self.known.keys)

    def ignore(self, key: str, *, ignored: bool) -> None:
        self.rows.ignore([key], ignored=ignored)

    def submit(self) -> bool:
        """Hand it over; False when there is nothing to import."""
        included = [row.candidate for row in self.rows.included if row.candidate]
        if not included:
            return False
        reported = dropped([self.folder], (*self.rows.all, *self.rows.removed), self.litter)
        self.ignored = {
            path
            for one in reported.left_out
            if one.left_out.reason is LeftOutReason.IGNORED
            for path in (one.path, *one.path.rglob("*"))
        }
        self.candidates = included
        details = self.stores.run(self.stores.ledger.add(_transfer(included, reported)))
        self.transfer_id = details.transfer.id
        self.stores.outbox.add(_submission(details, included, reported))
        return True

    # What happens to items ----------------------------------------------------------------

    @property
    def details(self) -> TransferDetails:
        return self.stores.run(self.stores.ledger.details(self.transfer_id))

    def upload(self, number: int) -> None:
        """Read an item's files as they are now; a file that changed is not sent."""
        details = self.details
        item = details.items[number]
        stage = self.stores.outbox.items(self.transfer_id)[number].stage
        if item.received or item.state is ItemState.CANCELLED or stage is not ItemStage.OPEN:
            return
        for file in self.stores.outbox.files(item.id):
            path = Path(file.path)
            if not path.exists() or path.stat().st_size != file.size_bytes:
                return
            if path.stat().st_mtime_ns != file.modified_ns:
                return
            sha1 = sha1_of(path)
            try:
                self.stores.run(self.stores.ledger.file_sealed(file.file_id, sha1))
            except StateConflict:
                return  # Sealed before with other bytes: to be cancelled and imported anew.
            self._read[path] = sha1
            self.stores.outbox.finish_file(
                file.file_id, file.size_bytes, Moved(sha1, path.stat().st_ino)
            )

    def finish(self, number: int, state: ItemState) -> None:
        """Let the worker end an item: imported, failed, or a person cancels it."""
        item = self.details.items[number]
        if state is not ItemState.CANCELLED and not item.received:
            return
        change = IMPORTED if state is ItemState.IMPORTED else ItemChange(state)
        if not self.stores.run(self.stores.ledger.move(item.id, PUT, change)):
            return
        stages = {
            ItemState.IMPORTED: ItemStage.DONE,
            ItemState.FAILED: ItemStage.FAILED,
            ItemState.CANCELLED: ItemStage.CANCELLED,
        }
        self.stores.outbox.set_stages([item.id], stages[state])
        if state is ItemState.IMPORTED:
            for file in self.stores.outbox.files(item.id):
                self.held[Path(file.path)] = self._read[Path(file.path)]

    def retry(self, number: int) -> None:
        """Let a failed item go on."""
        item = self.details.items[number]
        if item.state is ItemState.FAILED:
            change = ItemChange(ItemState.RECEIVED)
            self.stores.run(self.stores.ledger.move(item.id, PUT_ANYHOW, change))
            self.stores.outbox.set_stages([item.id], ItemStage.OPEN)

    # What is said -------------------------------------------------------------------------

    def scan_now(self) -> None:
        """The workstation looks and tells the server, as it does before anybody is told."""
        scan = compare(self.stores.outbox, self.transfer_id, CLOCK)
        ledger = self.stores.ledger
        self.stores.run(ledger.source_scanned(self.transfer_id, scan))

    def view(self) -> SubmissionView:
        record = self.stores.outbox.submission(self.transfer_id)
        return view_of(record, self.stores.outbox.totals(self.transfer_id), Progress())

    def doors(self) -> dict[str, tuple[bool, bool]]:
        """Say by each door: may the source go, may the imported files go."""
        transfer: Transfer = self.details.transfer
        view = self.view()
        row = merge(transfer, view, now=CLOCK.now())
        line = next(line for line in promise_lines(row) if line.key == "deleteSource")
        server = transfer.promises
        return {
            "server": (server.safe_to_delete_source, server.safe_to_delete_imported),
            "agent": (view.safe_to_delete_source, view.safe_to_delete_imported),
            "window": (line.safe, line.safe or line.partly),
        }

    def missed(self) -> list[Path]:
        """Files that are here, do matter, and are not in the repository as they are."""
        return [
            path
            for path in self.files()
            if not is_litter(str(path), is_folder=False)
            and path not in self.ignored
            and self.held.get(path) != sha1_of(path)
            and sha1_of(path) not in self.before.sha1s("ada")
        ]

    def changed(self) -> list[Path]:
        """Imported files that are here with other content."""
        return [p for p, sha1 in self.held.items() if p.exists() and sha1_of(p) != sha1]


_NAMES = {
    "image": "field_{}.tif",
    "nested": "more/field_{}.tif",
    "cut": "cut_{}.tif",
    "zarr": "stack_{}.ome.zarr",
    "notes": "notes_{}.docx",
    "part": "scan_{}.tif.part",
    "hidden": ".hidden_{}",
    "litter": "._field_{}.tif",
}
_ZARR_GROUP = (
    '{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5",'
    ' "multiscales": [{"axes": [{"name": "y", "type": "space"},'
    ' {"name": "x", "type": "space"}], "datasets": [{"path": "0",'
    ' "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}]}]}}}'
)
KINDS = tuple(_NAMES)


def sha1_of(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


def _transfer(included: list[FilesetCandidate], reported: Dropped) -> NewTransfer:
    return NewTransfer(
        kind=TransferKind.IMPORT,
        name="day 3",
        owner="ada",
        request_key=uuid4().hex,
        items=tuple(
            PlannedItem(
                one.name,
                tuple(PlannedTransferFile(f.client_path, f.size_bytes) for f in one.files),
            )
            for one in included
        ),
        drop=drop_message(reported),
    )


def _submission(
    details: TransferDetails, included: list[FilesetCandidate], reported: Dropped
) -> Submission:
    items = []
    for item, candidate in zip(details.items, included, strict=True):
        ids = {f.client_path: f.id for f in details.files if f.item_id == item.id}
        files = [
            FileOnDisk(
                file_id=ids[file.client_path],
                client_path=file.client_path,
                path=str(file.path),
                size_bytes=file.size_bytes,
                modified_ns=file.modified_ns,
            )
            for file in candidate.files
        ]
        items.append(SubmittedItem(item_id=item.id, name=item.name, files=files))
    return Submission(
        kind="import",
        transfer_id=details.transfer.id,
        name="day 3",
        owner="ada@s",
        server_url="http://s",
        grant=SecretStr("ta1_x"),
        items=items,
        drop=drop_on_disk(reported),
    )
