"""Where original files lie in OMERO's managed repository, as this process sees its folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transferapp.errors import TransferAppError
from transferapp.model.images import OriginalPath
from transferapp.repositories.files_there import lies_at
from transferapp.repositories.omero.managed_folder import location_in
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

_FILESETS = "select i.id, i.fileset.id from Image i where i.id in (:ids)"
_PATHS = (
    "select o.id, e.fileset.id, o.path, o.name, o.size from FilesetEntry e"
    " join e.originalFile o where e.fileset.id in (:ids) order by o.id"
)


def originals_paths(
    omero_session: OmeroSessionContext, image_ids: Sequence[int]
) -> list[OriginalPath]:
    """Return where the files of those images lie that this person sees; blocking.

    Who makes an OriginalFile chooses its path: that a file of its size lies there says where
    to look, and not what it is.
    """
    root = omero_session.managed_folder
    if root is None or not image_ids:
        return []
    found = omero_session.rows(_FILESETS, ids=sorted(set(image_ids)))
    filesets = sorted({fileset_id for _, fileset_id in found if fileset_id})
    if not filesets:
        return []
    return list(_seen(root, omero_session.rows(_PATHS, ids=filesets)))


def _seen(root: Path, rows: list[list[Any]]) -> Iterator[OriginalPath]:
    for file_id, fileset_id, folder, name, size in rows:
        try:
            path = location_in(root, f"{folder or ''}/{name}")
        except TransferAppError:
            continue
        if lies_at(path, int(size or 0)):
            yield OriginalPath(file_id, fileset_id, str(path))
