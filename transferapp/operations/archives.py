"""Archives of all that a person owns: who may ask for one, and what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from transferapp.archive.lines import ARCHIVE_NAME
from transferapp.errors import Invalid, PermissionDenied
from transferapp.ledger.port import ItemWork, PlannedItem
from transferapp.model.export_places import ItemPlace, PlacedImage
from transferapp.model.images import ImageSummary
from transferapp.model.transfers import ItemRole
from transferapp.operations.other_people import allowed_owner
from transferapp.repositories.port import Capability, Repository, RepositorySession

_AT_ONCE = 1000
_REFUSED = (
    "You may archive your own data. That of others only an administrator of the image"
    " repository may who may act for others (in OMERO: with the privilege Sudo)."
)


async def exported_for(repository: Repository, asker: str, owner: str) -> str:
    """Return as whom an export is read: who asks for it, or (``owner``) whose archive it is.

    Raises PermissionDenied for who may not archive that person's data, or where nobody may act
    as that person, and Invalid where the repository cannot describe what people own.
    """
    if not owner:
        return asker
    if Capability.DESCRIPTIONS not in repository.capabilities:
        raise Invalid(f"{repository.name} cannot describe what a person owns for an archive.")
    # A leader of groups reaches only into these.
    if owner != asker and not (await repository.identity(asker)).may_sudo:
        raise PermissionDenied(_REFUSED)
    return (await allowed_owner(repository, asker, owner)).username


async def check_asker(repository: Repository, asked_by: str, owner: str) -> None:
    """Raise PermissionDenied where an archive's asker may not act for its owner any more."""
    if asked_by:
        await exported_for(repository, asked_by, owner)


async def without_originals(
    session: RepositorySession, images: Sequence[ImageSummary]
) -> frozenset[int]:
    """Return the ids of the images that were made from no files."""
    ids = [image.id for image in images]
    found = set(ids)
    for start in range(0, len(ids), _AT_ONCE):
        sizes = await session.images.sizes(ids[start : start + _AT_ONCE])
        found -= {size.image_id for size in sizes if size.file_count}
    return frozenset(found)


def archive_item(lone: Iterable[int], known: Mapping[int, PlacedImage]) -> PlannedItem:
    """Return the item of ``archive.jsonl``: a lone file, with the images that are in no other
    item (``lone``), where they lie by their ids.
    """
    ids = tuple(sorted(lone))
    return PlannedItem(
        ARCHIVE_NAME,
        (),
        ids,
        role=ItemRole.ARCHIVE,
        place=ItemPlace(images=tuple(known[one] for one in ids)),
    )


def is_made(work: ItemWork) -> bool:
    """Whether a worker makes an item's files, and keeps them until they are fetched."""
    return work.export.form.converts or work.item.describes
