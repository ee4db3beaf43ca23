"""The folder that one export goes to: its items get placements, arrive, and are placed.

All methods block; call them in a thread.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path

import structlog

from transferapp import errors
from transferapp.agent.export_tree import ExportTree, Way
from transferapp.agent.lost_files import lost_items
from transferapp.agent.manifest_files import Lost, ManifestFiles, Reported
from transferapp.agent.outbox import Outbox
from transferapp.agent.placements import adding
from transferapp.agent.plate_files import write_plates
from transferapp.agent.records import SubmissionRecord
from transferapp.client import placing
from transferapp.client.partial_file import destination_errors
from transferapp.client.placement import (
    Distinguishing,
    PlacedFileset,
    Placement,
    PlacementStage,
    disambiguate,
    field_of_plate,
    fileset,
    plan,
)
from transferapp.host.folders import OpenFolder, open_destination
from transferapp.host.storable_names import same_name
from transferapp.model.export_specs import ExportForm
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import TransferFile, TransferItem
from transferapp.protocol.messages import FileOnDisk

_log = structlog.get_logger(__name__)


class Destination:
    """Where the items of one submission arrive.

    Methods raise StorageFull and DestinationUnwritable for the disk, and NameNotAllowed or
    VanishedFile for one item.
    """

    def __init__(self, outbox: Outbox, record: SubmissionRecord) -> None:
        """Nothing is made before the first file arrives."""
        self._outbox = outbox
        self._placements = outbox.placements
        self._transfer_id = record.transfer_id
        self._path = Path(record.destination)
        self._tree = ExportTree(outbox, record)
        self._manifest = ManifestFiles(outbox, record)
        #: Files of one item arrive at the same time, and its part is made once.
        self._beginning = threading.Lock()

    def add(self, items: Sequence[TransferItem], files: Sequence[TransferFile]) -> None:
        """Decide where items go whose files are known now, and remember it."""
        by_item: dict[str, list[TransferFile]] = defaultdict(list)
        for file in files:
            by_item[file.item_id].append(file)
        wanted = {item.id: self._wanted(item, by_item[item.id]) for item in items}
        tags = self._tags(one for one in wanted.values() if one is not None)
        is_taken = self._tree.taken()
        planned: set[Way] = set()
        for item in items:
            found = wanted[item.id]
            if found is None:
                continue
            way, one = found
            self._tree.plan(way)

            def taken(name: str, way: Way = way) -> bool:
                return _folded(way, name) in planned or is_taken(way, name)

            tag = tags[_folded(way, one.name)][one.distinguishing]
            placement = plan(one, tag, taken, way)
            planned.add(_folded(way, placement.name))
            self._remember(item, by_item[item.id], one, placement)

    def _wanted(
        self, item: TransferItem, files: Sequence[TransferFile]
    ) -> tuple[Way, PlacedFileset] | None:
        """Say where an item goes and what it looks like; None when it has no files, or none
        that could be.
        """
        if not files:
            return None
        paths = [file.client_path for file in files]
        place = self._tree.place(item.id)
        try:
            way = self._tree.way(place)
            if place.field:
                found = field_of_plate(item.name, paths, place.field)
            else:
                found = fileset(item.name, paths)
            inside = [str(path) for path in found.inside]
            self._tree.check_length(way, [f"{found.name}/{path}" for path in inside])
        except errors.NameNotAllowed as error:
            problem = (error.code, error.message)
            self._outbox.add_item(self._transfer_id, (item.id, item.name))
            self._outbox.set_stages([item.id], ItemStage.PROBLEM, problem)
            return None
        return way, found

    def _tags(
        self, new: Iterable[tuple[Way, PlacedFileset]]
    ) -> dict[Way, dict[Distinguishing, str]]:
        """Return what tells filesets of one name in one folder apart, also from those planned
        before.
        """
        same: dict[Way, list[Distinguishing]] = defaultdict(list)
        for known in self._placements.of_transfer(self._transfer_id).values():
            same[_folded(known.folder, known.wanted)].append(known.distinguishing)
        for way, one in new:
            same[_folded(way, one.name)].append(one.distinguishing)
        return {name: disambiguate(distinguishing) for name, distinguishing in same.items()}

    def _remember(
        self,
        item: TransferItem,
        files: Sequence[TransferFile],
        wanted: PlacedFileset,
        placement: Placement,
    ) -> None:
        on_disk = [
            FileOnDisk(
                file_id=file.id,
                client_path=file.client_path,
                path=inside.as_posix(),
                size_bytes=file.size_bytes,
                modified_ns=0,
            )
            for file, inside in zip(files, wanted.inside, strict=True)
        ]
        also = adding(item.id, placement, [(file.id, file.sha1) for file in files])
        self._outbox.add_item(self._transfer_id, (item.id, item.name), on_disk, also)

    def open_part(self, item_id: str) -> OpenFolder:
        """Open the folder that an item's files arrive in; it is made for the first of them."""
        with self._beginning:
            placement = self._known(item_id)
            if placement.stage is PlacementStage.PLANNED:
                placement = self._begin(item_id, placement)
        with self._opened(placement) as root:
            try:
                return root.enter(placement.part)
            except FileNotFoundError:
                raise self._gone(placement) from None

    def put_whole(self, item_id: str) -> bool:
        """Give an item whose files are all here its name; False when some are missing, which
        are then fetched again.
        """
        placement = self._known(item_id)
        if placement.stage is PlacementStage.PLACED:
            return True
        files = self._placements.files(item_id)
        with self._opened(placement) as root:
            missing = placing.missing(root, placement, files)
            if missing == []:
                self._name(root, item_id, placement)
                return True
            if placement.stage is PlacementStage.MOVING:
                with self._tree.opened(root, placement.folder) as into:
                    is_placed = placing.is_placed(into, placement, files)
                if is_placed:
                    placing.tidy(root, placement)
                    self._keep(item_id, placement, PlacementStage.PLACED)
                    return True
                self._keep(item_id, placement, PlacementStage.GROWING)
        if missing is None:
            raise self._gone(placement)
        self._placements.fetch_again([file.id for file in missing])
        return False

    def discard_unwanted(self) -> None:
        """Delete what has arrived of items that were cancelled or failed meanwhile."""
        for item_id, placement in self._placements.unwanted(self._transfer_id).items():
            files = self._placements.files(item_id)
            # A drive that is gone has nothing of ours on it any more.
            with suppress(errors.DestinationUnwritable), self._opened(placement) as root:
                placing.discard(root, placement, files)
            self._placements.begin_anew(item_id)

    def begin_anew_if_gone(self, item_id: str) -> None:
        """Let an item arrive again whose part was deleted; what is there goes on."""
        placement = self._placements.of(item_id)
        if placement is None or placement.stage is not PlacementStage.GROWING:
            return
        with suppress(errors.DestinationUnwritable), self._opened(placement) as root:
            if not root.holds(placement.part, folder=True):
                self._placements.begin_anew(item_id)

    def lost(self) -> Lost:
        """Return the items that were delivered and are not there any more, each with a
        sentence that says what to do.
        """
        found = self._placements.of_transfer(self._transfer_id).values()
        if not any(one.stage is PlacementStage.PLACED for one in found):
            return {}
        known = self._outbox.folders.known(self._transfer_id)
        made = bool(known and known.form and ExportForm(known.form).converts)
        lost = dict(lost_items(self._placements, self._transfer_id, self.path, made=made))
        # A drive that is not connected has lost nothing.
        with destination_errors(self._path), open_destination(self._path, make=False):
            return lost

    def write_manifest(
        self, reported: Reported, now: datetime, lost: Lost | None = None
    ) -> None:
        """Write down what has come and what has not; nothing where nothing has come.

        ``lost``: what ``lost()`` has just found; None: it is asked now.
        """
        lost = self.lost() if lost is None else lost
        found = self._placements.of_transfer(self._transfer_id).values()
        name = ""
        if any(one.stage is PlacementStage.PLACED for one in found):
            with (
                destination_errors(self._path / self._manifest.name),
                open_destination(self._path, make=False) as root,
            ):
                write = partial(self._write_into, root)
                plates = write_plates(self._outbox, self._transfer_id, write)
                name = self._manifest.write(root, reported, lost, plates, now)
        self._outbox.folders.set_manifest(self._transfer_id, name)

    def _write_into(self, root: OpenFolder, way: Way, name: str, content: bytes) -> None:
        with self._tree.opened(root, way) as into:
            placing.write_whole(into, name, self._transfer_id, [content])

    def _begin(self, item_id: str, placement: Placement) -> Placement:
        # A destination that was there and is gone is a drive that is not connected.
        first = not self._placements.begun(self._transfer_id)
        with self._opened(placement, make=first) as root:
            placement = placing.begin(root, placement)
            for file in self._placements.files(item_id) if placement.single else ():
                placing.adopt(root, placement, file)
            return self._keep(item_id, placement, PlacementStage.GROWING)

    def _name(self, root: OpenFolder, item_id: str, placement: Placement) -> None:
        # Asked for only when the name has been taken meanwhile.
        promised = cache(self._tree.taken)
        with self._tree.opened(root, placement.folder) as into:
            placed = placing.put_whole(
                root,
                into,
                placement,
                lambda name: promised()(placement.folder, name) or into.check(name) is not None,
                partial(self._placements.keep, item_id),
            )
        self._placements.keep(item_id, placed)
        _log.info("placed", transfer=self._transfer_id, item=item_id, name=placed.name)

    def path(self, placement: Placement) -> Path:
        """Return where an item is, or will be."""
        return self._tree.path(placement.folder) / placement.name

    def _known(self, item_id: str) -> Placement:
        placement = self._placements.of(item_id)
        if placement is None:
            raise errors.Internal("An item of an export has no placement.")
        return placement

    def _keep(self, item_id: str, placement: Placement, stage: PlacementStage) -> Placement:
        placement = replace(placement, stage=stage)
        self._placements.keep(item_id, placement)
        return placement

    @contextmanager
    def _opened(self, placement: Placement, *, make: bool = False) -> Iterator[OpenFolder]:
        with (
            destination_errors(self._path / placement.wanted),
            open_destination(self._path, make=make) as root,
        ):
            yield root

    def _gone(self, placement: Placement) -> errors.VanishedFile:
        return errors.VanishedFile(
            f"What had arrived of '{placement.wanted}' is gone from {self._path}. If that is"
            " another drive now, connect the first one; then press Retry. What is missing is"
            " fetched again."
        )


def _folded(way: Way, name: str) -> Way:
    return tuple(map(same_name, (*way, name)))
