"""How large original files are, of many images at once, and whether OMERO gives them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transferapp.model.images import OriginalsSize
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

_SIZES = (
    "select e.fileset.id, count(o.id), sum(o.size) from FilesetEntry e join e.originalFile o"
    " where e.fileset.id in (:ids) group by e.fileset.id"
)


def originals_sizes(
    omero_session: OmeroSessionContext, image_ids: Sequence[int]
) -> list[OriginalsSize]:
    """Return the sizes of those images that this person sees, in id order; blocking.

    OMERO says with each image whether its policy on downloads (omero.policy.binary_access)
    keeps the files back, which depends on the person and on whether it is in a well.
    """
    if not image_ids:
        return []
    found = omero_session.entities(
        "select i from Image i where i.id in (:ids) order by i.id", ids=sorted(set(image_ids))
    )
    filesets = sorted({_fileset_id(image) for image in found} - {0})
    rows = omero_session.rows(_SIZES, ids=filesets) if filesets else []
    sizes = {fileset_id: (count, size or 0) for fileset_id, count, size in rows}
    return [_size(image, sizes) for image in found]


def _size(image: Any, sizes: dict[int, tuple[int, int]]) -> OriginalsSize:
    fileset_id = _fileset_id(image)
    count, size_bytes = sizes.get(fileset_id, (0, 0))
    restriction = omero.constants.permissions.BINARYACCESS
    kept_back = image.getDetails().getPermissions().isRestricted(restriction)
    return OriginalsSize(
        int(image.getId().getValue()), fileset_id, count, size_bytes, may_read=not kept_back
    )


def _fileset_id(image: Any) -> int:
    fileset = image.getFileset()
    return 0 if fileset is None else int(fileset.getId().getValue())
