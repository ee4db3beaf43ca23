"""Compare the files of a receipt with files on this computer, offline."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from transferapp.client.hashed_files import hash_file
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

    The folder is the one that was dropped, or the one that it lies in. Of an export each file
    is looked for by its name, wherever it was placed below the folder.
    """
    candidates = _by_name(folder) if receipt.kind == "export" else _by_path(receipt, folder)
    for file in receipt.files:
        yield _compare(file, candidates(file))


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
            f"'{file.path}' has other bytes than those of the receipt.",
        )
    return worst


def _by_path(receipt: Receipt, folder: Path) -> Callable[[ReceiptFile], list[Path]]:
    """Look where a client path leads, which begins with the name of what was dropped."""
    base = folder.resolve()
    firsts = {file.path.partition("/")[0] for file in receipt.files}
    if firsts == {base.name} and not (base / base.name).exists():
        base = base.parent
    return lambda file: [base.joinpath(*file.path.split("/"))]


def _by_name(folder: Path) -> Callable[[ReceiptFile], list[Path]]:
    named: defaultdict[str, list[Path]] = defaultdict(list)
    for inside, _, names in os.walk(folder):
        for name in names:
            named[name].append(Path(inside, name))
    return lambda file: named[file.path.rpartition("/")[2]]
