"""Where the items of an export go at a place: the only module that says so."""

from __future__ import annotations

from pathlib import PurePosixPath

from transferapp.ledger.port import ItemWork
from transferapp.model.brought import BroughtItem, BroughtTo
from transferapp.places.names import safe_name, safe_path
from transferapp.places.port import BroughtFile, Spot


def wanted_spot(work: ItemWork) -> BroughtItem:
    """Return where an item goes if nothing is there yet."""
    destination = BroughtTo.parse(work.transfer.brought_to)
    return BroughtItem(
        item_id=work.item.id,
        transfer_id=work.transfer.id,
        owner=work.transfer.owner,
        place=destination.place,
        export=destination.folder,
        inside=_item_folder(work),
        size_bytes=sum(file.size_bytes for file in work.files),
    )


def spot_of(item: BroughtItem) -> Spot:
    """Return an item's spot as places take it."""
    return Spot(item.item_id, item.owner, item.export, item.inside)


def brought_files(work: ItemWork) -> tuple[BroughtFile, ...]:
    """Return an item's files as they lie in its folder; raises NameNotAllowed.

    Their names, and the folders that they do not all share, are kept: they name each other.
    """
    paths = [PurePosixPath(*file.client_path.split("/")) for file in work.files]
    shared = _shared_folder(paths) if paths else PurePosixPath()
    return tuple(
        BroughtFile(safe_path(path.relative_to(shared).as_posix()), file.size_bytes, file.sha1)
        for path, file in zip(paths, work.files, strict=True)
    )


def _item_folder(work: ItemWork) -> str:
    """Return a folder that no other item of the export has: images have numbers.

    The fields of a plate do not become one OME-Zarr here: they lie side by side.
    """
    number = work.item.image_ids[0] if work.item.image_ids else work.item.id
    name = f"{number}_{safe_name(work.item.name, 'image')}"
    above = work.place.folder if work.place and not work.place.field else ()
    return "/".join((*above, name))


def _shared_folder(paths: list[PurePosixPath]) -> PurePosixPath:
    """Return the folder that has all files, but never one inside a Zarr."""
    shared = paths[0].parent
    while not all(path.is_relative_to(shared) for path in paths):
        shared = shared.parent
    zarrs = [one for one in (shared, *shared.parents) if one.name.lower().endswith(".zarr")]
    return zarrs[-1].parent if zarrs else shared
