"""Policies on downloads that groups have of their own, beside the server's."""

from __future__ import annotations

from transferapp.repositories.omero.sessions.context import rows
from transferapp.repositories.omero.sessions.gateway import ALL_GROUPS, Gateway

SETTING = "omero.policy.binary_access"


def group_policies(gateway: Gateway) -> list[tuple[int, str, str]]:
    """Return ids and names of groups, and their policies; blocking."""
    found = rows(
        gateway,
        ALL_GROUPS,
        "select g.id, g.name, c.value from ExperimenterGroup g join g.config c"
        " where c.name = :name",
        {"name": SETTING},
    )
    return sorted((int(id_), str(name), str(value)) for id_, name, value in found)
