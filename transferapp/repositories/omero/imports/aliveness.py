"""Whether OMERO may still be importing a fileset whose import nobody can ask any more.

Then it must not be deleted.
"""

from __future__ import annotations

from transferapp.repositories.omero.sessions.context import OmeroSessionContext


def require_over(_omero_session: OmeroSessionContext, _fileset_id: int) -> None:
    """Return when no import of this fileset runs; raises Busy while one may. Blocking.

    Only for a fileset without a process that answers: running ones are listed to everybody
    who may see them.
    """
