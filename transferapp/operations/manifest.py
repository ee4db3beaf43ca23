"""Check the names of a manifest before anything is stored under them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from transferapp.errors import Invalid, NameNotAllowed
from transferapp.ledger.port import PlannedItem, PlannedTransferFile
from transferapp.model.annotations import wrong_annotations
from transferapp.model.attachments import too_much_to_attach
from transferapp.model.image_annotations import wrong_image_annotations
from transferapp.model.restoring import wrong_restored
from transferapp.model.transfers import ItemRole
from transferapp.protocol.messages import MAX_FILES_PER_ITEM, ImportRequest, NewItem

#: Bytes in UTF-8; what the common file systems and databases can hold.
MAX_PATH_BYTES = 4096
MAX_PART_BYTES = 255

#: What the item is called that holds all files to attach.
ATTACHMENTS = "Attachments"

#: A drive letter makes a path absolute on Windows, where it may be exported to.
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")


def planned_items(request: ImportRequest) -> tuple[PlannedItem, ...]:
    """Return the checked items of a request, last the one of files to attach; raises
    NameNotAllowed, Invalid.

    Takes a while for 200,000 files: call it off the event loop.
    """
    check_title(request.name)
    too_much = too_much_to_attach(
        len(request.attachments), sum(file.size_bytes for file in request.attachments)
    )
    if too_much:
        raise Invalid(too_much)
    if wrong := wrong_annotations(request.annotations):
        raise Invalid(wrong)
    if sum(len(item.files) for item in request.items) > MAX_FILES_PER_ITEM:
        raise Invalid(
            f"One import can have at most {MAX_FILES_PER_ITEM:,} files. Import in parts."
        )
    filesets = tuple(_planned(item) for item in request.items)
    if not request.attachments:
        return filesets
    attached = _planned(NewItem(name=ATTACHMENTS, files=request.attachments))
    return (*filesets, replace(attached, role=ItemRole.ATTACHMENTS))


def check_title(name: str) -> None:
    """Refuse a name that cannot be stored as text; raises NameNotAllowed."""
    if "\x00" in name or not _is_text(name):
        raise NameNotAllowed(f"The name {_shown(name)} has a character that cannot be stored.")


def check_path(path: str) -> None:
    """Refuse a path that is not relative, plain and short enough; raises NameNotAllowed."""
    for reason in _objections(path):
        raise NameNotAllowed(f"{_shown(path)}: {reason} Rename it, then try again.")


def _objections(path: str) -> Iterator[str]:
    if "\x00" in path or not _is_text(path):
        yield "the name has a character that cannot be stored."
        return
    parts = path.split("/")
    if path.startswith("/") or _DRIVE.match(path):
        yield "the path must begin in the imported folder."
    if any(part in {"", ".", ".."} for part in parts):
        yield "the path has an empty part, '.' or '..'."
    if len(path.encode()) > MAX_PATH_BYTES:
        yield f"the path is longer than {MAX_PATH_BYTES} bytes."
    if any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        yield f"a name in it is longer than {MAX_PART_BYTES} bytes."


def _planned(item: NewItem) -> PlannedItem:
    check_title(item.name)
    seen: set[str] = set()
    for file in item.files:
        check_path(file.client_path)
        if file.client_path in seen:
            raise Invalid(f"{_shown(file.client_path)} is in '{item.name}' twice.")
        seen.add(file.client_path)
    files = (PlannedTransferFile(file.client_path, file.size_bytes) for file in item.files)
    if wrong := wrong_annotations(item.annotations):
        raise Invalid(f"{_shown(item.name)}: {wrong}")
    if wrong := wrong_image_annotations(item.image_annotations):
        raise Invalid(f"{_shown(item.name)}: {wrong}")
    if item.restored is not None and (wrong := wrong_restored(item.restored)):
        raise Invalid(f"{_shown(item.name)}: {wrong}")
    return PlannedItem(
        item.name,
        tuple(files),
        annotations=tuple(item.annotations),
        image_annotations=tuple(item.image_annotations),
        restored=item.restored,
    )


def _is_text(name: str) -> bool:
    """Whether it can be written as UTF-8 (half of a surrogate pair cannot)."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: str) -> str:
    """Quote a name for a message, without what could not be printed."""
    text = path if len(path) <= 80 else f"{path[:40]}...{path[-35:]}"  # noqa: PLR2004
    return ascii(text) if not text.isprintable() else f"'{text}'"
