"""Run OMERO's commands to their end: deleting, mostly."""

from __future__ import annotations

import time
from typing import Any

from transferapp.errors import (
    PermissionDenied,
    RepositoryUnavailable,
    StateConflict,
    TransferAppError,
)
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.import_failures import kind_of_thrown
from transferapp.repositories.omero.sessions.gateway import Gateway

_LIMIT_S = 600.0
_POLL_S = 0.05
_NOT_PERMITTED = ("not permitted", "does not own")


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
        raise refused(response)


def _wait(handle: Any) -> Any:
    end = time.monotonic() + _LIMIT_S
    while time.monotonic() < end:
        response = handle.getResponse()
        if response is not None:
            return response
        time.sleep(_POLL_S)
    raise RepositoryUnavailable("OMERO takes very long to delete this. Look again later.")


def refused(response: Any) -> TransferAppError:
    """Return the error for the ERR of a deletion."""
    message = response.parameters.get("message", "")
    stated = f"OMERO says: {message or response.name}"
    kind = kind_of_thrown(response.parameters)
    # What may not be done is of the same class as what cannot be done.
    if kind is PermissionDenied or message.startswith(_NOT_PERMITTED):
        return PermissionDenied(f"Your OMERO account may not delete this. {stated}")
    if kind is RepositoryUnavailable:
        return RepositoryUnavailable(f"OMERO could not delete this now. {stated}")
    return StateConflict(f"OMERO cannot delete this now. {stated}")
