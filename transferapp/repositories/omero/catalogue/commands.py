"""Run OMERO's commands to their end: deleting, mostly."""

from __future__ import annotations

import time
from typing import Any

from transferapp.errors import PermissionDenied, RepositoryUnavailable, StateConflict
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.gateway import Gateway

_LIMIT_S = 600.0
_POLL_S = 0.05


def delete(
    gateway: Gateway, group_id: int, targets: dict[str, list[int]], *, keep: list[str]
) -> None:
    """Delete objects by class and id, but not what is of a class in ``keep``; blocking.

    Raises PermissionDenied, StateConflict, RepositoryUnavailable.
    """
    request = omero.cmd.Delete2(targetObjects=targets)
    if keep:
        request.childOptions = [omero.cmd.graphs.ChildOption(excludeType=keep)]
    handle = gateway.submit(request, group_id)
    response = _wait(handle)
    handle.close()
    if isinstance(response, omero.cmd.ERR):
        raise _refused(response)


def _wait(handle: Any) -> Any:
    end = time.monotonic() + _LIMIT_S
    while time.monotonic() < end:
        response = handle.getResponse()
        if response is not None:
            return response
        time.sleep(_POLL_S)
    raise RepositoryUnavailable("OMERO takes very long to delete this. Look again later.")


def _refused(response: Any) -> Exception:
    stated = response.parameters.get("message") or response.name
    if "SecurityViolation" in response.name or "permit" in stated:
        return PermissionDenied(f"Your OMERO account may not delete this. OMERO says: {stated}")
    return StateConflict(f"OMERO cannot delete this now. OMERO says: {stated}")
