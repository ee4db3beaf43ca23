"""OMERO's table of permissions, cell by cell."""

from __future__ import annotations

import pytest

from transferapp.errors import PermissionDenied
from transferapp.model.identity import Experimenter, GroupPermissions, Identity
from transferapp.repositories.local.accounts.permissions import Caller, GroupRole, demand
from transferapp.repositories.local.storage.schema import images

GROUP, ME, OTHER = 5, 1, 2


def caller(
    permissions: GroupPermissions,
    *,
    member: bool = True,
    owner: bool = False,
    admin: bool = False,
    scope: int | None = None,
) -> Caller:
    identity = Identity(Experimenter(ME, "me", "Me"), (), GROUP, is_admin=admin)
    role = GroupRole(permissions, is_member=member, is_owner=owner)
    return Caller(ME, identity, {GROUP: role}, scope)


@pytest.mark.parametrize(
    ("permissions", "annotate", "link", "edit"),
    [
        (GroupPermissions.PRIVATE, False, False, False),
        (GroupPermissions.READ_ONLY, False, False, False),
        (GroupPermissions.READ_ANNOTATE, True, False, False),
        (GroupPermissions.READ_WRITE, True, True, True),
    ],
)
def test_members_and_others_data(
    permissions: GroupPermissions, annotate: bool, link: bool, edit: bool
) -> None:
    rights = caller(permissions).rights(OTHER, GROUP)
    assert (rights.can_annotate, rights.can_link, rights.can_edit) == (annotate, link, edit)


@pytest.mark.parametrize("permissions", list(GroupPermissions))
def test_own_data_is_free(permissions: GroupPermissions) -> None:
    rights = caller(permissions).rights(ME, GROUP)
    assert rights.can_annotate
    assert rights.can_link
    assert rights.can_edit


@pytest.mark.parametrize("permissions", list(GroupPermissions))
@pytest.mark.parametrize("who", ["owner", "admin"])
def test_owners_and_administrators_mix_nothing_in_private(
    permissions: GroupPermissions, who: str
) -> None:
    person = caller(permissions, owner=who == "owner", admin=who == "admin")
    rights = person.rights(OTHER, GROUP)
    mixes = permissions is not GroupPermissions.PRIVATE
    assert (rights.can_annotate, rights.can_link, rights.can_edit) == (mixes, mixes, True)


def test_strangers_may_nothing() -> None:
    stranger = caller(GroupPermissions.READ_WRITE, member=False)
    assert not stranger.rights(ME, GROUP).can_edit
    assert not stranger.rights(ME, 99).can_edit
    assert not stranger.may_write_in(GROUP)
    assert caller(GroupPermissions.PRIVATE, member=False, admin=True).may_write_in(GROUP)


def test_scope_limits_where_things_are_made() -> None:
    assert caller(GroupPermissions.PRIVATE, scope=GROUP).may_write_in(GROUP)
    assert not caller(GroupPermissions.PRIVATE, scope=99).may_write_in(GROUP)


@pytest.mark.parametrize(
    ("person", "all_of", "own_of"),
    [
        (caller(GroupPermissions.READ_ONLY), [GROUP], []),
        (caller(GroupPermissions.PRIVATE), [], [GROUP]),
        (caller(GroupPermissions.PRIVATE, owner=True), [GROUP], []),
        (caller(GroupPermissions.PRIVATE, admin=True, member=False), [GROUP], []),
        (caller(GroupPermissions.READ_WRITE, scope=99), [], []),
    ],
)
def test_what_is_seen(person: Caller, all_of: list[int], own_of: list[int]) -> None:
    values = person.sees(images).compile().params
    assert values["group_id_1"] == all_of
    assert values["group_id_2"] == own_of
    assert values["owner_id_1"] == ME


def test_demand_names_what_is_denied() -> None:
    demand(True, "fly")
    with pytest.raises(PermissionDenied, match="You may not fly"):
        demand(False, "fly")
