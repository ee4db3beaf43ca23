"""Verify an archive offline: every byte that its manifest names, and every image of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from transferapp.archive.lines import ARCHIVE_NAME, ArchiveLine, ContainerLine, ImageLine, Line
from transferapp.archive.reading import archive_lines
from transferapp.errors import Invalid, NoSuchFile, TransferAppError, UnreadableFile
from transferapp.protocol.export_manifests import (
    ListedExport,
    ListedFile,
    ListedItem,
    read_manifest,
)

#: Called with the path of each file that is about to be read, and its size.
FileListener = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class ArchiveProblem:
    """One thing that is wrong: with a file (``path``), or with what is said of an image."""

    path: str
    message: str


@dataclass
class Verified:
    """What an archive has, and what is wrong with it."""

    files: int = 0
    size_bytes: int = 0
    containers: int = 0
    images: int = 0
    #: Images that the archive only describes: the repository held no files of them.
    without_originals: int = 0
    #: Images of which not all could be described, and those with ROIs that were left out.
    not_described: int = 0
    with_rois_left_out: int = 0
    #: What the archive does not say, of each image that is not described, or not wholly.
    incomplete: list[str] = field(default_factory=list)
    problems: list[ArchiveProblem] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        """Note something that is wrong."""
        self.problems.append(ArchiveProblem(path, message))


def verify_archive(
    manifest: Path, listener: FileListener = lambda _path, _size: None
) -> Verified:
    """Read every file of an archive; ``manifest`` is its ``NAME.manifest.json``.

    What is wrong is in what is returned. Raises NoSuchFile, and Invalid for a file that is no
    manifest, or that of an export without ``archive.jsonl``.
    """
    listed, found = read_manifest(manifest), Verified()
    described = [item for item in listed.items if is_description(item)]
    if len(described) != 1:
        raise Invalid(
            f"'{manifest.name}' is of an export, not of an archive: it names no"
            f" '{ARCHIVE_NAME}'."
        )
    folder = manifest.absolute().parent
    for file in listed.files:
        listener(file.path, file.size_bytes)
        _check_file(folder, file, found)
    for item in listed.items:
        if not item.files:
            why = item.problem.message if item.problem else f"It is {item.state}."
            found.add("", f"'{item.name}' has not come: {why}")
    if described[0].files:
        _check_description(folder, listed, described[0].files[0].path, found)
    return found


def is_description(item: ListedItem) -> bool:
    """Whether an item of a manifest is ``archive.jsonl``, come or not."""
    if item.name != ARCHIVE_NAME:
        return False
    return [file.client_path for file in item.files] in ([], [ARCHIVE_NAME])


def _check_file(folder: Path, file: ListedFile, found: Verified) -> None:
    path = folder / file.path
    try:
        size = path.stat().st_size
        if size != file.size_bytes:
            found.add(file.path, f"It has {size:,} bytes instead of {file.size_bytes:,}.")
            return
        with path.open("rb") as opened:
            sha1 = hashlib.file_digest(opened, _sha1).hexdigest()
    except FileNotFoundError:
        found.add(file.path, "It is missing.")
    except OSError as error:
        found.add(file.path, f"It cannot be read ({error.strerror}).")
    else:
        found.files += 1
        found.size_bytes += size
        if sha1 != file.sha1:
            found.add(file.path, "Its bytes are not those that were archived (SHA-1).")


def _sha1() -> hashlib._Hash:
    return hashlib.sha1(usedforsecurity=False)


def _check_description(folder: Path, listed: ListedExport, path: str, found: Verified) -> None:
    """Read what is said of the images, and compare it with the items of the manifest."""
    seen = _Described()
    try:
        for line in archive_lines(folder / path):
            seen.add(line, found)
    except (NoSuchFile, UnreadableFile) as error:
        # The file was named already where it is missing.
        if path not in {one.path for one in found.problems}:
            found.add(path, error.message)
        return
    except TransferAppError as error:
        # What follows from it is not told again for each image.
        found.add(path, error.message)
        return
    if seen.archive_id != listed.transfer.id:
        found.add(path, "It belongs to another archive than the manifest.")
    items = {item.id: item for item in listed.items if not is_description(item)}
    for image_id, item_id in seen.items.items():
        if item_id not in items:
            found.add(path, f"Image {image_id} is in an item that the manifest has not.")
    _check_items(items.values(), seen, found)


def _check_items(items: Iterable[ListedItem], seen: _Described, found: Verified) -> None:
    described = set(seen.items.values())
    for item in items:
        where = item.path or item.name
        if item.files and item.id not in described:
            found.add(where, f"Nothing in '{ARCHIVE_NAME}' describes it.")
        for image in item.images:
            if seen.items.get(image.id, item.id) != item.id:
                found.add(where, f"Image {image.id} is described as one of other files.")
            elif image.id not in seen.items and item.id in described:
                found.add(where, f"Nothing in '{ARCHIVE_NAME}' describes image {image.id}.")


class _Described:
    """What ``archive.jsonl`` says, as far as it is compared."""

    def __init__(self) -> None:
        self.archive_id = ""
        #: The items of images, by the images' ids.
        self.items: dict[int, str] = {}

    def add(self, line: Line, found: Verified) -> None:
        """Take in a line."""
        if isinstance(line, ArchiveLine):
            self.archive_id = line.id
        elif isinstance(line, ContainerLine):
            found.containers += 1
        elif isinstance(line, ImageLine):
            found.images += 1
            found.without_originals += line.without_originals
            if line.problem:
                found.not_described += 1
                named = f"Image {line.id} '{line.name}'" if line.name else f"Image {line.id}"
                found.incomplete.append(f"{named}: {line.problem}")
            found.with_rois_left_out += bool(line.rois_left_out)
            if line.item:
                self.items[line.id] = line.item
            elif not line.without_originals:
                found.add("", f"Image {line.id} is in no item.")
