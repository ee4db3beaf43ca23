"""Say what a server and its groups are, without the codes that programs use."""

from __future__ import annotations

from transferapp.model.identity import Group, GroupPermissions
from transferapp.protocol.messages import ServerInfo

_PERMISSIONS = {
    GroupPermissions.PRIVATE: "members see only their own images",
    GroupPermissions.READ_ONLY: "members see each other's images",
    GroupPermissions.READ_ANNOTATE: "members see and annotate each other's images",
    GroupPermissions.READ_WRITE: "members see and change each other's images",
}
_REPOSITORIES = {"local": "its own image repository", "omero": "OMERO"}


def group_text(group: Group) -> str:
    """Say a group and what its members may do: ``Lab (members see only their own images)``."""
    return f"{group.name} ({_PERMISSIONS[group.permissions]})"


def version_text(server: ServerInfo | None) -> str:
    """Say a server's version and where it keeps images: ``0.1.0, with OMERO``."""
    if server is None:
        return "-"
    return f"{server.version}, with {_REPOSITORIES.get(server.repository, server.repository)}"
