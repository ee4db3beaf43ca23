"""The folders of one export in its destination: as the server wants them, and as they are.

The outermost ones are this export's alone: one whose name is taken becomes ``Name (2)``, so
that nothing of two exports is ever mixed. They are made hidden and get their names in one
step, like items. What lies below them is ours. All methods block.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from transferapp.agent.export_folders import below, top_folder
from transferapp.agent.outbox import Outbox
from transferapp.agent.records import SubmissionRecord
from transferapp.client import placing
from transferapp.client.names import check_path_length, folder_name
from transferapp.client.placement import Placement, PlacementStage
from transferapp.host.folders import OpenFolder
from transferapp.host.storable_names import same_name
from transferapp.model.export_places import ItemPlace

#: Names of folders below the destination, the outermost first.
Way = tuple[str, ...]
_NOWHERE = ItemPlace()


class ExportTree:
    """Where the folders of one export are."""

    def __init__(self, outbox: Outbox, record: SubmissionRecord) -> None:
        """Nothing is made before the first item is whole."""
        self._outbox = outbox
        self._transfer_id = record.transfer_id
        self._path = Path(record.destination)
        self._places: dict[str, ItemPlace] = {}
        self._tops: dict[str, Placement] | None = None
        #: Items become whole at the same time, and an outermost folder is made once.
        self._making = threading.Lock()

    def place(self, item_id: str) -> ItemPlace:
        """Return where the server wants an item; what it does not know lies in no folder."""
        if not self._places:
            known = self._outbox.folders.items(self._transfer_id)
            self._places = {item.item_id: item.place for item in known}
        return self._places.get(item_id, _NOWHERE)

    def way(self, place: ItemPlace) -> Way:
        """Return an item's folders as this computer can store them; raises NameNotAllowed."""
        return tuple(folder_name(name) for name in place.folder)

    def path(self, way: Way) -> Path:
        """Return a folder's path, as far as the name of the outermost one is decided."""
        return self._path.joinpath(*below(self._known_tops(), way))

    def check_length(self, way: Way, names: Sequence[str]) -> None:
        """Raise NameNotAllowed where a path would be longer than this computer can open."""
        longest = max(names, key=lambda name: len(name.encode()))
        check_path_length(self.path(way) / longest)

    def taken(self) -> Callable[[Way, str], bool]:
        """Return what says whether a name in a folder is taken, or promised to something."""
        promised: set[Way] = {(name,) for name in self._promised()}
        own = self._outbox.placements.of_transfer(self._transfer_id).values()
        promised |= {_folded((*one.folder, one.name)) for one in own if one.folder}
        for place in self._places.values():
            promised |= {_folded(place.folder[:depth]) for depth in range(2, len(place.folder))}
            promised.add(_folded(place.folder))

        def is_taken(way: Way, name: str) -> bool:
            return _folded((*way, name)) in promised or self._is_there(self.path(way) / name)

        return is_taken

    def plan(self, way: Way) -> None:
        """Decide how the outermost folder is called, and remember it."""
        if not way or way[0] in self._known_tops():
            return
        promised = self._promised()
        top = top_folder(way[0], way[0])
        free = (
            name
            for name in top.names()
            if same_name(name) not in promised and not self._is_there(self._path / name)
        )
        top = replace(top, name=next(free))
        self._keep(top)

    @contextmanager
    def opened(self, root: OpenFolder, way: Way) -> Iterator[OpenFolder]:
        """Open a folder below the destination ``root``; missing ones are made.

        Raises OSError, DestinationUnwritable for what is in the way.
        """
        if not way:
            yield root
            return
        with root.below((self._made(root, way[0]), *way[1:])) as folder:
            yield folder

    def _made(self, root: OpenFolder, wanted: str) -> str:
        """Return the name of an outermost folder that is there now, and ours."""
        with self._making:
            self.plan((wanted,))
            top = self._known_tops()[wanted]
            while top.stage is not PlacementStage.PLACED or not root.holds(
                top.name, folder=True
            ):
                top = self._further(root, top)
                self._keep(top)
            return top.name

    def _further(self, root: OpenFolder, top: Placement) -> Placement:
        """Do the next step of making an outermost folder; a crash may follow each."""
        if top.stage is PlacementStage.PLACED:
            return top.anew()  # it was there, and somebody has taken it away
        if top.stage is PlacementStage.PLANNED:
            return replace(placing.begin(root, top), stage=PlacementStage.GROWING)
        if root.holds(top.part, folder=True):
            return placing.put_whole(root, root, top, self._is_top_taken(root), self._keep)
        if top.stage is PlacementStage.MOVING and root.holds(top.name, folder=True):
            return replace(top, stage=PlacementStage.PLACED)
        return top.anew()

    def _keep(self, top: Placement) -> None:
        self._outbox.folders.keep_top(self._transfer_id, top)
        self._known_tops()[top.wanted] = top

    def _known_tops(self) -> dict[str, Placement]:
        if self._tops is None:
            self._tops = self._outbox.folders.tops(self._transfer_id)
        return self._tops

    def _is_top_taken(self, root: OpenFolder) -> Callable[[str], bool]:
        promised = self._promised()
        return lambda name: same_name(name) in promised or root.check(name) is not None

    def _promised(self) -> set[str]:
        return self._outbox.placements.promised(str(self._path))

    def _is_there(self, path: Path) -> bool:
        """Look, as far as that is possible now; the last word has who claims the name."""
        try:
            path.lstat()
        except OSError:
            return False
        return True


def _folded(way: Way) -> Way:
    return tuple(map(same_name, way))
