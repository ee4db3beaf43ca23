"""Write down what an export brought, beside it: anew whenever nothing of it moves any more.

The files are called by the transfer's id, so a second export into the same folder has its
own. Each is written hidden and replaces the one before in one step. All methods block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath

import structlog

from transferapp.agent.export_folders import ExportItem, below
from transferapp.agent.outbox import Outbox
from transferapp.agent.records import SubmissionRecord
from transferapp.client import placing
from transferapp.client.export_manifest import (
    DELIVERED,
    ManifestFile,
    ManifestHead,
    ManifestItem,
    checksum_lines,
    list_lines,
    manifest_lines,
)
from transferapp.client.placement import Placement, PlacementStage
from transferapp.errors import VanishedFile
from transferapp.host.folders import OpenFolder
from transferapp.host.storable_names import storable_name
from transferapp.model.stages import ItemStage

_log = structlog.get_logger(__name__)

#: What an item is, and code and sentence of what is wrong with it, as the server says.
Reported = Mapping[str, tuple[str, str, str]]
#: What was delivered and is not there any more: a sentence by item.
Lost = Mapping[str, str]
_NAME_BYTES = 100


class ManifestFiles:
    """The files that say what one export brought."""

    def __init__(self, outbox: Outbox, record: SubmissionRecord) -> None:
        """Read everything from the outbox."""
        self._outbox = outbox
        self._record = record

    @property
    def name(self) -> str:
        """What the names of the files begin with."""
        name = storable_name(self._record.name, _NAME_BYTES) or "Export"
        return f"{name}.{self._record.transfer_id[:8]}"

    def write(
        self,
        root: OpenFolder,
        reported: Reported,
        lost: Lost,
        plates: Sequence[ManifestFile],
        now: datetime,
    ) -> str:
        """Write them into the destination; returns the manifest's name. ``plates`` are files
        that belong to no item. Raises OSError, and DestinationUnwritable for what is in the
        way.
        """

        def items() -> Iterator[ManifestItem]:
            return self._items(reported, lost)

        manifest = f"{self.name}.manifest.json"
        self._replace(root, f"{self.name}.sha1", checksum_lines(items(), plates))
        self._replace(root, f"{self.name}.images.csv", list_lines(items()))
        # Last: who finds it finds the others.
        self._replace(root, manifest, manifest_lines(self._head(now), items(), plates))
        _log.info("manifest written", transfer=self._record.transfer_id, name=manifest)
        return manifest

    def _replace(self, root: OpenFolder, name: str, lines: Iterable[str]) -> None:
        # Half a character becomes what JSON writes for it.
        pieces = (line.encode(errors="backslashreplace") for line in lines)
        placing.write_whole(root, name, self._record.transfer_id, pieces)

    def _head(self, now: datetime) -> ManifestHead:
        record = self._record
        known = self._outbox.folders.known(record.transfer_id)
        return ManifestHead(
            record.transfer_id,
            record.name,
            record.server_url,
            known.repository if known else "",
            known.form if known else "",
            record.created_at,
            now,
        )

    def _items(self, reported: Reported, lost: Lost) -> Iterator[ManifestItem]:
        transfer_id = self._record.transfer_id
        stages = {item.item_id: item for item in self._outbox.items(transfer_id)}
        placements = self._outbox.placements.of_transfer(transfer_id)
        tops = self._outbox.folders.tops(transfer_id)
        for item in self._outbox.folders.items(transfer_id):
            placed = placements.get(item.item_id)
            if item.item_id in lost:
                yield _lost(item, lost[item.item_id])
                continue
            if placed is not None and placed.stage is PlacementStage.PLACED:
                path = PurePosixPath(*below(tops, placed.folder), placed.name)
                yield ManifestItem(
                    item.item_id,
                    item.name,
                    DELIVERED,
                    item.place.images,
                    str(path),
                    tuple(self._files(item.item_id, placed, path)),
                )
                continue
            state, code, problem = reported.get(item.item_id, ("", "", ""))
            own = stages.get(item.item_id)
            if own is not None and (own.trouble_code or not state):
                state, code, problem = _STATES[own.stage], own.trouble_code, own.trouble
            images = item.place.images
            yield ManifestItem(
                item.item_id, item.name, state or _OPEN, images, code=code, problem=problem
            )

    def _files(
        self, item_id: str, placed: Placement, path: PurePosixPath
    ) -> Iterator[ManifestFile]:
        for file in self._outbox.files(item_id):
            where = path if placed.is_file else path / file.path
            yield ManifestFile(str(where), file.size_bytes, file.sha1, file.client_path)


def _lost(item: ExportItem, sentence: str) -> ManifestItem:
    state, code = _STATES[ItemStage.PROBLEM], VanishedFile.code
    images = item.place.images
    return ManifestItem(item.item_id, item.name, state, images, code=code, problem=sentence)


_OPEN = "not-delivered"
_STATES: Mapping[ItemStage, str] = {
    ItemStage.OPEN: _OPEN,
    ItemStage.PROBLEM: "needs-attention",
    ItemStage.DONE: DELIVERED,
    ItemStage.UNVERIFIED: DELIVERED,
    ItemStage.FAILED: "failed",
    ItemStage.CANCELLED: "cancelled",
}
