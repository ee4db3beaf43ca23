"""Say whether OMERO may still be importing a fileset whose import nobody can ask any more.

Then it must not be deleted. What is certain: an import that was never submitted does not run;
none outlives the OMERO process in which it began; and one whose session is over saves nothing
more, except what it had just begun to save. Everything else is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from transferapp.errors import Busy, Invalid, NotFound, PermissionDenied
from transferapp.repositories.omero.catalogue.filesets import images_of
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.imports.import_log import log_size
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

#: Without any word of its session, an import counts as over after so long without a change.
_NEVER_HEARD = timedelta(hours=24)
_SUBMITTED = "Finished"


@dataclass(frozen=True, slots=True)
class _Origin:
    """What OMERO says of where a fileset comes from."""

    session_closed: bool
    node_down: bool


def require_over(
    omero_session: OmeroSessionContext, fileset_id: int, *, held: bool = False
) -> None:
    """Return when no import of this fileset runs; raises Busy while one may. Blocking.

    For a fileset without a process that answers, or whose process (``held``) has no handle:
    then nobody but us could submit it, but a dead worker's last call may be on its way.
    """
    if not _submitted(omero_session, fileset_id):
        return
    origin = _origin(omero_session, fileset_id)
    if origin.node_down:
        return
    sessions = omero_session.import_sessions
    note = sessions.notes.read(fileset_id)
    closed = origin.session_closed or (
        note is not None and sessions.is_over(note, omero_session.gateway)
    )
    known = held or closed
    wait = timedelta(seconds=sessions.settings.import_quiet_s) if known else _NEVER_HEARD
    beat = sessions.quiet.saw(
        fileset_id,
        len(images_of(omero_session, fileset_id)),
        log_size(omero_session, fileset_id),
    )
    over_at = beat.since + wait
    left = (over_at - omero_session.clock.now()).total_seconds()
    if left <= 0:
        return
    raise Busy(
        "OMERO may still be importing these files, begun before this server or OMERO was"
        " interrupted; they are not touched meanwhile. Nothing is lost. If nothing moves, it"
        f" goes on at {over_at:%Y-%m-%d %H:%M} UTC, or as soon as OMERO is restarted.",
        retry_after_s=left,
    )


def _submitted(omero_session: OmeroSessionContext, fileset_id: int) -> bool:
    """Whether the import was ever begun: OMERO ends the upload's job before it begins."""
    found = omero_session.rows(
        "select j.status.value from FilesetJobLink l, UploadJob j"
        " where j.id = l.child.id and l.parent.id = :id",
        id=fileset_id,
    )
    return not found or any(status == _SUBMITTED for (status,) in found)


def _origin(omero_session: OmeroSessionContext, fileset_id: int) -> _Origin:
    """Ask when session and server ended; what OMERO does not tell counts as not ended."""
    asked = (
        "select e.session.closed, e.session.node.down from Fileset f"
        " join f.details.creationEvent e where f.id = :id"
    )
    try:
        with translated():
            found: list[list[Any]] = omero_session.rows(asked, id=fileset_id)
    except (PermissionDenied, Invalid, NotFound):
        return _Origin(session_closed=False, node_down=False)
    closed = any(ended is not None for ended, _ in found)
    return _Origin(closed, node_down=any(down is not None for _, down in found))
