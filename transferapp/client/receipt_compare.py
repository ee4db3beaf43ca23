"""Compare the files of a receipt with files on this computer, offline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from transferapp.client.hashed_files import hash_file
from transferapp.client.receipt_places import places_below
from transferapp.errors import SourceProblem, VanishedFile
from transferapp.receipts.document import Receipt, ReceiptFile


class Found(StrEnum):
    """What lies on the disk of a file of a receipt."""

    SAME = "same"
    DIFFERS = "differs"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """A file of a receipt, where it was looked for, and what of any but the same why."""

    path: str
    place: str
    found: Found
    sentence: str = ""


def compare(receipt: Receipt, folder: Path) -> Iterator[ComparedFile]:
    """Hash the files of a receipt below a folder, in its order; blocking.

    The folder is the one that was dropped, or the one that it lies in; of an export the one
    that it went to. A file on the disk counts for one file of the receipt.
    """
    places, taken = places_below(receipt, folder), set[Path]()
    for item in receipt.items:
        for file in item.files:
            free = [place for place in places(item, file) if place not in taken]
            compared = _compare(file, free)
            if compared.found is Found.SAME:
                taken.add(Path(compared.place))
            yield compared


def _compare(file: ReceiptFile, places: list[Path]) -> ComparedFile:
    worst = ComparedFile(
        file.path, "", Found.MISSING, f"'{file.path}' is not there."
    )  # of no place
    for place in places:
        try:
            # Of another size it is another file, however long reading takes.
            if place.stat().st_size == file.size_bytes:
                now = hash_file(place)
                if (now.size_bytes, now.sha1) == (file.size_bytes, file.sha1):
                    return ComparedFile(file.path, str(place), Found.SAME)
        except (FileNotFoundError, NotADirectoryError, VanishedFile):
            continue
        except (OSError, SourceProblem) as error:
            reason = error.message if isinstance(error, SourceProblem) else str(error.strerror)
            worst = ComparedFile(
                file.path, str(place), Found.UNREADABLE, f"'{file.path}': {reason}"
            )
            continue
        worst = ComparedFile(
            file.path,
            str(place),
            Found.DIFFERS,
            f"'{file.path}' has other bytes than those of the receipt: {place}.",
        )
    return worst
