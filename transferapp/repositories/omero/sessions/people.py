"""Read who a person is: names, groups and their permissions, rights."""

from __future__ import annotations

from typing import Any

from transferapp.errors import PermissionDenied
from transferapp.model.identity import Experimenter, Group, GroupPermissions, Identity
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import parameters, rows
from transferapp.repositories.omero.sessions.gateway import ALL_GROUPS, Gateway

_SYSTEM, _SUDO = "system", "Sudo"
#: Groups of every account; membership of "user" is what makes an account active.
_USER, _GUEST = "user", "guest"
#: OMERO's own groups: nobody's images are in them.
_NO_HOMES = frozenset({_SYSTEM, _USER, _GUEST})
_PERMISSIONS = {
    "rw----": GroupPermissions.PRIVATE,
    "rwr---": GroupPermissions.READ_ONLY,
    "rwra--": GroupPermissions.READ_ANNOTATE,
    "rwrw--": GroupPermissions.READ_WRITE,
}


def read_identity(gateway: Gateway, username: str) -> Identity:
    """Return a person's present groups and rights; raises PermissionDenied."""
    found = rows(
        gateway,
        ALL_GROUPS,
        "select e.id, e.omeName, e.firstName, e.lastName, e.email from Experimenter e"
        " where e.omeName = :name",
        {"name": username},
    )
    if not found:
        raise PermissionDenied(
            f"OMERO does not know the user '{username}'. Check how the name is written; if"
            " there was such an account, ask your OMERO administrator."
        )
    user_id, name, first, last, email = found[0]
    groups = _groups(gateway, user_id)
    names = {group.getName().getValue() for group in groups}
    homes = tuple(_group(group) for group in groups if _is_home(group))
    if _USER not in names and _GUEST in names:
        raise PermissionDenied(
            f"The OMERO account '{username}' is for guests: it owns no images. Choose the"
            " account of a person."
        )
    if _USER not in names:
        raise PermissionDenied(
            f"The OMERO account '{username}' is closed. Ask your OMERO administrator to open it"
            " again."
        )
    full_name = " ".join(part for part in (first, last) if part)
    return Identity(
        Experimenter(user_id, name, full_name or name, email or ""),
        homes,
        gateway.admin().getDefaultGroup(user_id).getId().getValue(),
        is_admin=_SYSTEM in names,
        # Asked of administrators only: of others OMERO tells what they would have.
        may_sudo=_SYSTEM in names and _SUDO in _privileges(gateway, user_id),
        leads=_led(gateway, user_id) & {one.id for one in homes},
    )


def not_a_member(gateway: Gateway, identity: Identity, group_id: int) -> PermissionDenied:
    """Return why a person cannot work in a group, and where she can."""
    found = rows(
        gateway,
        ALL_GROUPS,
        "select g.name from ExperimenterGroup g where g.id = :id",
        {"id": group_id},
    )
    name = found[0][0] if found else f"number {group_id}"
    person = identity.experimenter.username
    theirs = ", ".join(f"'{one.name}'" for one in identity.groups)
    if name in _NO_HOMES:
        what = f"OMERO's own group '{name}' takes no images."
        where = (
            f"Choose one of the groups of '{person}' instead: {theirs}."
            if theirs
            else f"'{person}' is in no other group: ask your OMERO administrator to"
            f" add '{person}' to one, or choose a person who is in one."
        )
        return PermissionDenied(f"{what} {where}")
    return PermissionDenied(
        f"In OMERO '{person}' is not a member of this group: '{name}'. Ask its owner to take"
        f" '{person}' in, or choose another group."
    )


def permissions_of(written: str) -> GroupPermissions:
    """Read ``rwra--``; unknown combinations count as the strictest that holds them."""
    group_part = written[2:4]
    close = {"r-": "rwr---", "ra": "rwra--", "rw": "rwrw--"}.get(group_part, "rw----")
    return _PERMISSIONS[close]


def _groups(gateway: Gateway, user_id: int) -> list[Any]:
    hql = (
        "select g from ExperimenterGroup g where g.id in (select m.parent.id from"
        " GroupExperimenterMap m where m.child.id = :user) order by g.id"
    )
    query = gateway.query(ALL_GROUPS)
    return list(query.findAllByQuery(hql, parameters({"user": user_id})))


def _led(gateway: Gateway, user_id: int) -> frozenset[int]:
    found = rows(
        gateway,
        ALL_GROUPS,
        "select m.parent.id from GroupExperimenterMap m where m.child.id = :user"
        " and m.owner = true",
        {"user": user_id},
    )
    return frozenset(group_id for (group_id,) in found)


def _privileges(gateway: Gateway, user_id: int) -> set[str]:
    person = omero.model.ExperimenterI(user_id, False)  # noqa: FBT003 - foreign
    return {one.getValue().getValue() for one in gateway.admin().getAdminPrivileges(person)}


def _is_home(group: Any) -> bool:
    return group.getName().getValue() not in _NO_HOMES


def _group(group: Any) -> Group:
    written = str(group.getDetails().getPermissions())
    return Group(group.getId().getValue(), group.getName().getValue(), permissions_of(written))
