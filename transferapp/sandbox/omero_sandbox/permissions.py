"""Who may see and do what: group permissions, leaders, administrators' privileges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero

from transferapp.sandbox.omero_sandbox.records import (
    GROUP,
    OWNER,
    PERMISSIONS,
    Record,
    SandboxCaller,
)

SYSTEM_GROUP, USER_GROUP = 0, 1
#: All that an administrator may hold.
PRIVILEGES = (
    "Chgrp", "Chown", "DeleteFile", "DeleteManagedRepo", "DeleteOwned", "DeleteScriptRepo",
    "ModifyGroup", "ModifyGroupMembership", "ModifyUser", "ReadSession", "Sudo", "WriteFile",
    "WriteManagedRepo", "WriteOwned", "WriteScriptRepo",
)  # fmt: skip
LINK, EDIT, DELETE, ANNOTATE, CHGRP, CHOWN = range(6)
RIGHTS = ("canLink", "canEdit", "canDelete", "canAnnotate", "canChgrp", "canChown")
_RESTRICTED_BINARY = "RESTRICT-BINARY-ACCESS"


def group_of(record: Record) -> Record | None:
    """Return the group that a record is in; a group is in itself."""
    return record if record.cls == "ExperimenterGroup" else record.values.get(GROUP)


def owns(record: Record, caller: SandboxCaller) -> bool:
    """Say whether the caller owns a record or leads its group."""
    owner, group = record.values.get(OWNER), group_of(record)
    mine = owner is not None and owner.id == caller.user
    return mine or (group is not None and group.id in caller.leader_of)


def permissions_of(
    record: Record, caller: SandboxCaller | None = None, *, binary: bool = True
) -> Any:
    """Return the ``Permissions`` of a record as this caller gets to see them."""
    group = group_of(record)
    text = group.values.get(PERMISSIONS) if group is not None else None
    made = omero.model.PermissionsI(text or "rwra--")
    if caller is None:
        made._restrictions = [False] * len(RIGHTS)
        return made
    own, others = owns(record, caller), str(made)[3]
    write = own or caller.may("WriteOwned") or others == "w"
    delete = own or caller.may("DeleteOwned")
    annotate = write or others == "a"
    chgrp = own or caller.may("Chgrp")
    made._restrictions = [
        not right for right in (write, write, delete, annotate, chgrp, caller.may("Chown"))
    ]
    if not binary:
        made._extendedRestrictions = [_RESTRICTED_BINARY]
    return made


def require(record: Record, caller: SandboxCaller, right: int) -> None:
    """Raise SecurityViolation when the caller lacks a right on a record."""
    if permissions_of(record, caller)._restrictions[right]:
        text = f"{RIGHTS[right]} is not given for ome.model.{record.cls}:Id_{record.id}"
        raise omero.SecurityViolation(None, "omero.SecurityViolation", text)


def visible_to(caller: SandboxCaller) -> Callable[[Record], bool]:
    """Return what tells whether the caller sees a record, in the group asked for."""

    def visible(record: Record) -> bool:
        group = record.values.get(GROUP)
        if group is None or group.id == USER_GROUP:
            return True
        about_people = record.cls.startswith(("Experimenter", "Group"))
        if caller.group >= 0 and group.id != caller.group and not about_people:
            return False
        if caller.admin:
            return True
        if group.id not in caller.member_of:
            return False
        return group.values[PERMISSIONS][2] == "r" or owns(record, caller)

    return visible


def require_visible(record: Record | None, caller: SandboxCaller, stated: str) -> Record:
    """Return the record; raise SecurityViolation when the caller must not see it."""
    if record is None or not visible_to(caller)(record):
        raise omero.SecurityViolation(None, "omero.SecurityViolation", f"Cannot read {stated}")
    return record
