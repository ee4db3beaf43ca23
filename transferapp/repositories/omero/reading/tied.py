"""Whether an import has tied an image's pixels to its file yet.

The images are there before their pixels are. A RawPixelsStore that is opened too early does not
say so: OMERO opens it for writing, and the first look at it makes a file of zeros, which hides
the real pixels for ever. So nothing is opened before one of these is true.
"""

from __future__ import annotations

from transferapp.repositories.omero.sessions.context import rows
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.sessions.pixel_stores import closing


def require_tied(gateway: Gateway, pixels_id: int, group_id: int) -> None:
    """Raise omero's LockTimeout while an import is in progress, or has failed; blocking."""
    if pixels_id in gateway.tied:
        return
    if not _is_known(gateway, pixels_id, group_id):
        _open_for_reading(gateway, pixels_id, group_id)
    gateway.tied.add(pixels_id)


def _is_known(gateway: Gateway, pixels_id: int, group_id: int) -> bool:
    """Look for what the database has only of pixels that can be read: minimum and maximum, or
    of images that came without a fileset.
    """
    found = rows(
        gateway,
        group_id,
        "select f.id, s.id from Pixels p join p.image i left outer join i.fileset f"
        " left outer join p.channels c left outer join c.statsInfo s where p.id = :id",
        {"id": pixels_id},
    )
    return any(fileset_id is None or stats_id is not None for fileset_id, stats_id in found)


def _open_for_reading(gateway: Gateway, pixels_id: int, group_id: int) -> None:
    """Open them as a renderer does: OMERO never writes for one."""
    with closing(gateway.rendering_engine(group_id)) as engine:
        engine.lookupPixels(pixels_id)
        if not engine.lookupRenderingDef(pixels_id):
            engine.resetDefaultSettings(True)  # noqa: FBT003 - a foreign signature
            engine.lookupRenderingDef(pixels_id)
        engine.load()
