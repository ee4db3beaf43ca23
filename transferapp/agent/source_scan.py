"""Look again at what was dropped on an import: does the repository still hold it as it is.

"Safe to delete" is a sentence about files as they are now. Size, time and inode are asked
of each file that was imported, or left out because the repository holds it already; where
one differs its content is compared. The dropped folders are walked for files that have come
since.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from transferapp.agent.records import DuplicateRecord, FileRecord
from transferapp.agent.threads import in_daemon_thread
from transferapp.client.source import inode_of
from transferapp.intake.file_names import shown_text
from transferapp.intake.scanning import Scan, scan
from transferapp.model.drops import SourceScan

if TYPE_CHECKING:
    from transferapp.agent.outbox import Outbox
    from transferapp.client.workstation import WorkstationClient
    from transferapp.host.clock import Clock

_Record: TypeAlias = FileRecord | DuplicateRecord

#: Names that a look keeps, for a sentence.
_NAMES_KEPT = 10


async def scan_and_report(
    outbox: Outbox, transfer_id: str, clock: Clock, server: WorkstationClient
) -> None:
    """Look at an import's source and tell the server what it does not know.

    Reading large files that look other than before takes long; nothing is promised of them
    meanwhile, here or there. Raises what ``client`` raises; the look is kept all the same.
    """
    last_scan = await in_daemon_thread(partial(glance, outbox, transfer_id, clock))
    await _publish(outbox, server, transfer_id)
    if last_scan.comparing:
        await in_daemon_thread(partial(compare, outbox, transfer_id, clock))
        await _publish(outbox, server, transfer_id)


def glance(outbox: Outbox, transfer_id: str, clock: Clock) -> SourceScan:
    """Look without reading files, and keep what was found. Blocks."""
    return _keep(outbox, transfer_id, _glance(outbox, transfer_id).state_now(clock))


def compare(outbox: Outbox, transfer_id: str, clock: Clock) -> SourceScan:
    """Look, read what looks other than before, and keep what was found. Blocks for long."""
    found = _glance(outbox, transfer_id)
    while found.doubtful:
        file = found.doubtful.pop()
        if not found.compare(file):
            continue
        now = Path(file.path).stat()
        # Some network shares give an inode anew at each look: then it says nothing.
        inode = 0 if now.st_mtime_ns == file.modified_ns else inode_of(now)
        if isinstance(file, DuplicateRecord):
            outbox.same_duplicates(file, now.st_mtime_ns, inode)
        else:
            outbox.same_content(file.file_id, now.st_mtime_ns, inode)
    return _keep(outbox, transfer_id, found.state_now(clock))


class _Places:
    """Where the dropped things lay, and whether those places are there."""

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = [Path(root) for root in roots]
        self._there: dict[Path, bool] = {}

    def away(self, file: Path) -> bool:
        """Say of a file that is not there whether the folder that was dropped is not, either.

        Of a file that was dropped by itself, its folder counts.
        """
        roots = (root for root in self._roots if file.is_relative_to(root) and file != root)
        folder = next(roots, file.parent)
        if folder not in self._there:
            self._there[folder] = folder.is_dir()
        return not self._there[folder]


@dataclass(slots=True)
class _Found:
    """What a look has found so far; lists of client paths."""

    files: int
    places: _Places
    doubtful: list[_Record] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    held_changed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)

    def scan_at(self, file: _Record) -> None:
        """Ask for size, time and inode. A file that is gone needs no promise; one whose
        whole folder is not there may come back as another.
        """
        try:
            now = Path(file.path).stat()
        except (FileNotFoundError, NotADirectoryError):
            if self.places.away(Path(file.path)):
                self.away.append(file.client_path)
            return
        except OSError:
            self.unreadable.append(file.client_path)
            return
        if now.st_size != file.size_bytes:
            self._is_another(file)
        elif now.st_mtime_ns != file.modified_ns or file.inode not in (0, inode_of(now)):
            self.doubtful.append(file)

    def compare(self, file: _Record) -> bool:
        """Read a file; True when it holds what the repository holds."""
        try:
            with Path(file.path).open("rb") as opened:
                sha1 = hashlib.file_digest(opened, _sha1).hexdigest()
        except FileNotFoundError:
            return False
        except OSError:
            self.unreadable.append(file.client_path)
            return False
        if sha1 != file.sha1:
            self._is_another(file)
        return sha1 == file.sha1

    def state_now(self, clock: Clock) -> SourceScan:
        """Return it as counts and some names."""
        doubtful = [file.client_path for file in self.doubtful]
        changed = [*self.changed, *self.held_changed]
        names = [*changed, *self.added, *self.unreadable, *doubtful, *self.away]
        return SourceScan(
            looked_at=clock.now(),
            files=self.files,
            changed=len(self.changed),
            added=len(self.added),
            unreadable=len(self.unreadable),
            comparing=len(doubtful),
            names=tuple(names[:_NAMES_KEPT]),
            held_changed=len(self.held_changed),
            away=len(self.away),
        )

    def _is_another(self, file: _Record) -> None:
        changed = self.held_changed if isinstance(file, DuplicateRecord) else self.changed
        changed.append(file.client_path)


def _glance(outbox: Outbox, transfer_id: str) -> _Found:
    record = outbox.submission(transfer_id)
    files = outbox.imported_files(transfer_id)
    found = _Found(len(files), _Places(record.roots or ()))
    to_scan_at: list[_Record] = [*files, *outbox.duplicate_files(transfer_id)]
    for file in to_scan_at:
        found.scan_at(file)
    if record.roots is not None:
        known = set(outbox.known_paths(transfer_id))
        found.added = list(_unknown(record.roots, known))
    return found


def _keep(outbox: Outbox, transfer_id: str, last_scan: SourceScan) -> SourceScan:
    outbox.keep_scan(transfer_id, last_scan)
    return last_scan


async def _publish(outbox: Outbox, server: WorkstationClient, transfer_id: str) -> None:
    record = await asyncio.to_thread(outbox.submission, transfer_id)
    if record.look is not None and not record.look_told:
        await server.source_scanned(transfer_id, record.look)
        await asyncio.to_thread(outbox.scan_was_reported, transfer_id, record.look)


def _unknown(roots: Sequence[str], known: set[str]) -> Iterator[str]:
    """Yield the client paths of what lies in dropped folders and was not there before."""
    there = [path for root in roots if (path := Path(root)).exists()]
    for path, client_path in _listed(scan(there)):
        # As ``client.dropping`` wrote it.
        places = (path, *path.parents)
        if not any(shown_text(str(place)) in known for place in places):
            yield shown_text(client_path)


def _listed(found: Scan) -> Iterator[tuple[Path, str]]:
    for file in found.files:
        yield file.path, file.client_path
    for folder in found.zarr_folders:
        for file in folder.files:
            yield file.path, file.client_path
    for finding in found.findings:
        yield finding.path, finding.path.name


def _sha1() -> hashlib._Hash:
    return hashlib.sha1(usedforsecurity=False)
