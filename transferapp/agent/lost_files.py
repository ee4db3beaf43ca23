"""Which files that an export delivered are not where they were put any more, by their size.

People tidy up while an export goes on: what they move or delete has not come, whatever was
told before. All functions block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_ISREG

from transferapp.agent.placements import Placements
from transferapp.client.placement import Placement, PlacementStage
from transferapp.client.placing import PlacedFile

_TO_DO = {
    False: "Press Retry to fetch it again; what is there stays as it is.",
    True: "It was made for this export and is kept nowhere else: export the image again.",
}
#: Returns where an item is.
PathOf = Callable[[Placement], Path]


def lost_items(
    placements: Placements, transfer_id: str, path_of: PathOf, *, made: bool
) -> Iterator[tuple[str, str]]:
    """Yield the items of which something is lost, each with a sentence that says what to do;
    ``made``: their files were made for this export, and the server has not kept them.
    """
    for item_id, placement in placements.of_transfer(transfer_id).items():
        if placement.stage is not PlacementStage.PLACED:
            continue
        files, path = placements.files(item_id), path_of(placement)
        lost = sum(
            not _is_there(path if placement.is_file else path / file.inside, file)
            for file in files
        )
        if lost:
            yield item_id, f"{_what(path, lost, len(files))} {_TO_DO[made]}"


def _is_there(path: Path, file: PlacedFile) -> bool:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # It cannot be looked at, which says nothing.
        return True
    return S_ISREG(found.st_mode) and found.st_size == file.size_bytes


def _what(path: Path, lost: int, count: int) -> str:
    if count == 1:
        what = "It is gone, or another file is there now."
    else:
        what = f"{lost:,} of its {count:,} files are gone or were changed."
    return f"'{path.name}' was delivered to {path.parent}. {what}"
