"""A group's leader imports for its members: into that group only, and learns nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.rest_server import (
    GROUP,
    PASSWORD,
    RestServer,
    manifest,
    new_dataset,
    rest_server,
)
from transferapp.cli.targets import find_target
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid, PermissionDenied, TargetNotFound
from transferapp.model.containers import Container, ContainerKind
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.administration import Administration

OTHER = "other"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RestServer]:
    """``lea`` leads the group of ada and bob; bob has his data in another one, too."""
    async with rest_server(tmp_path) as running:
        people = Administration(running.parts.settings.repository_folder)
        await people.add_group(OTHER, GroupPermissions.READ_WRITE)
        for name, is_admin in (("lea", False), ("eve", True), ("joe", False)):
            await people.add_experimenter(name, name.title(), PASSWORD, is_admin=is_admin)
        await people.add_member("lea", GROUP, owner=True)
        await people.add_member("eve", GROUP)
        for name in ("bob", "joe", "lea"):
            await people.add_member(name, OTHER)
        yield running


@pytest.fixture
async def lea(server: RestServer) -> ServerClient:
    return await server.signed_in("lea")


@pytest.fixture
async def elsewhere(server: RestServer) -> Container:
    """A dataset of bob's in the group that she does not lead, though she is in it."""
    bob = await server.signed_in("bob")
    groups = {one.name: one.id for one in (await bob.identity()).groups}
    kind = ContainerKind.DATASET
    return await bob.create_container(kind, "Elsewhere", group_id=groups[OTHER])


async def test_who_leads_which_groups_is_known(lea: ServerClient, server: RestServer) -> None:
    groups = {one.name: one.id for one in (await lea.identity()).groups}
    assert (await lea.identity()).leads == {groups[GROUP]}
    assert (await (await server.signed_in("bob")).identity()).leads == frozenset()


async def test_a_leader_imports_for_a_member_into_that_group(
    server: RestServer, lea: ServerClient, elsewhere: Container
) -> None:
    bob = await server.signed_in("bob")
    dataset = await new_dataset(bob)
    request = manifest(dataset, 3).model_copy(update={"owner": "bob"})
    await lea.check_import(request)
    transfer = (await lea.submit_import(request)).details.transfer
    assert (transfer.owner, transfer.asked_by) == ("bob", "lea")
    away = manifest(elsewhere, 3).model_copy(update={"owner": "bob"})
    for refused in (lea.submit_import(away), lea.check_import(away)):
        with pytest.raises(TargetNotFound):
            await refused
    with pytest.raises(TargetNotFound):
        await lea.retarget(transfer.id, elsewhere.ref)
    found = await find_target(lea, "Dataset:Kidney", create=False, owner="bob")
    assert found.ref == dataset.ref
    made = await find_target(lea, "Dataset:Made", create=True, owner="bob")
    assert (made.owner, made.group_id) == ("bob", dataset.group_id)
    assert (await lea.retarget(transfer.id, made.ref)).transfer.target == made.ref


async def test_of_other_groups_a_leader_learns_nothing(
    lea: ServerClient, elsewhere: Container
) -> None:
    groups = (await lea.identity(owner="bob")).groups
    assert [one.name for one in groups] == [GROUP]
    assert elsewhere.ref not in {one.ref for one in await lea.containers(owner="bob")}
    for refused in (
        lea.container(elsewhere.ref, owner="bob"),
        lea.containers(elsewhere.ref, owner="bob"),
    ):
        with pytest.raises(TargetNotFound):
            await refused
    with pytest.raises(PermissionDenied):
        await lea.create_container(
            ContainerKind.DATASET, "x", owner="bob", group_id=elsewhere.group_id
        )
    with pytest.raises(Invalid, match=f"bob is in no group '{OTHER}'"):
        await find_target(lea, "Dataset:Made", create=True, owner="bob", group=OTHER)


@pytest.mark.parametrize("owner", ["joe", "eve", "nobody"])
async def test_for_others_she_is_anybody(lea: ServerClient, owner: str) -> None:
    """Not of her group; an administrator; nobody. All are told in the same words."""
    dataset = await new_dataset(lea)
    request = manifest(dataset, 3).model_copy(update={"owner": owner})
    for refused in (
        lea.submit_import(request),
        lea.containers(owner=owner),
        lea.identity(owner=owner),
        lea.create_container(ContainerKind.DATASET, "x", owner=owner),
    ):
        with pytest.raises(PermissionDenied, match="You may not import for others"):
            await refused
