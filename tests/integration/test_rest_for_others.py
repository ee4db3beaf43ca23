"""An administrator imports for another person: who may, whose it is, and who sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.rest_server import (
    GROUP,
    PASSWORD,
    RestServer,
    http,
    manifest,
    new_dataset,
    notification_rounds,
    rest_server,
)
from tests.support.rest_uploads import upload
from transferapp.cli.targets import find_target
from transferapp.client.server import ServerClient
from transferapp.errors import (
    Conflict,
    Invalid,
    PermissionDenied,
    TargetNotFound,
    TransferNotFound,
)
from transferapp.model.containers import ContainerKind
from transferapp.model.transfers import ItemState
from transferapp.repositories.local.accounts.administration import Administration

__all__ = ["http"]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RestServer]:
    """``eve`` is an administrator; she shares no group with ``bob``, whose data is private."""
    async with rest_server(tmp_path) as running:
        people = Administration(running.parts.settings.repository_folder)
        await people.add_experimenter("eve", "Eve", PASSWORD, is_admin=True)
        yield running


@pytest.fixture
async def eve(server: RestServer) -> ServerClient:
    return await server.signed_in("eve")


async def test_it_belongs_to_the_other_and_both_see_it(
    server: RestServer, eve: ServerClient
) -> None:
    bob, ada = await server.signed_in("bob"), await server.signed_in("ada")
    request = manifest(await new_dataset(bob), 3).model_copy(update={"owner": "bob"})
    accepted = await eve.submit_import(request)
    transfer = accepted.details.transfer
    assert (transfer.owner, transfer.asked_by, transfer.sender) == ("bob", "eve", "eve")
    for person in (bob, eve):
        assert [one.id for one in (await person.transfers()).items] == [transfer.id]
        assert (await person.transfer(transfer.id)).transfer == transfer
    assert (await ada.transfers()).items == []
    with pytest.raises(TransferNotFound):
        await ada.transfer(transfer.id)


async def test_only_who_asked_may_send_its_files(
    server: RestServer, eve: ServerClient, http: httpx.AsyncClient
) -> None:
    bob = await server.signed_in("bob")
    request = manifest(await new_dataset(bob), 3).model_copy(update={"owner": "bob"})
    accepted = await eve.submit_import(request)
    transfer_id = accepted.details.transfer.id
    with pytest.raises(PermissionDenied, match="sent by eve"):
        await bob.renew_grant(transfer_id)
    [file] = accepted.details.files
    grant = await eve.renew_grant(transfer_id)
    sha1 = await upload(http, grant, transfer_id, file, b"abc")
    await server.client(grant).seal(transfer_id, file.id, sha1)
    item = (await bob.transfer(transfer_id)).items[0]
    assert item.state is ItemState.RECEIVED
    task = await server.parts.queue.get(item.id)
    assert task.owner == "bob"


async def test_both_are_notified_of_its_end(server: RestServer, eve: ServerClient) -> None:
    bob = await server.signed_in("bob")
    rounds = notification_rounds(server)
    await rounds.begin()
    request = manifest(await new_dataset(bob), 3).model_copy(update={"owner": "bob"})
    transfer_id = (await eve.submit_import(request)).details.transfer.id
    await bob.cancel(transfer_id)
    await rounds.round()
    for person in ("bob", "eve"):
        found = await server.parts.inbox.entries(person)
        assert [one.notable.transfer_id for one in found] == [transfer_id]


async def test_others_are_refused_before_they_learn_anything(server: RestServer) -> None:
    ada, bob = await server.signed_in("ada"), await server.signed_in("bob")
    dataset = await new_dataset(bob)
    for owner in ("bob", "nobody"):
        request = manifest(dataset, 3).model_copy(update={"owner": owner})
        for refused in (
            ada.submit_import(request),
            ada.containers(owner=owner),
            ada.container(dataset.ref, owner=owner),
            ada.create_container(ContainerKind.DATASET, "x", owner=owner),
            ada.identity(owner=owner),
        ):
            with pytest.raises(PermissionDenied, match="Only an administrator"):
                await refused


async def test_the_other_must_be_known_and_may_write_there(
    server: RestServer, eve: ServerClient
) -> None:
    ada = await server.signed_in("ada")
    private = manifest(await new_dataset(ada), 3)
    with pytest.raises(PermissionDenied, match="'nobody' does not exist"):
        await eve.submit_import(private.model_copy(update={"owner": "nobody"}))
    # Eve may look at it, as an administrator; bob may not, and so not she for him.
    with pytest.raises(TargetNotFound):
        await eve.submit_import(private.model_copy(update={"owner": "bob"}))


async def test_a_key_of_the_other_gives_nothing_away(
    server: RestServer, eve: ServerClient
) -> None:
    bob = await server.signed_in("bob")
    request = manifest(await new_dataset(bob), 3)
    await bob.submit_import(request, request_key="k")
    with pytest.raises(Conflict):
        await eve.submit_import(request.model_copy(update={"owner": "bob"}), request_key="k")


async def test_targets_are_found_and_made_with_the_rights_of_the_other(
    server: RestServer, eve: ServerClient
) -> None:
    bob, ada = await server.signed_in("bob"), await server.signed_in("ada")
    await new_dataset(ada, "Same")
    mine = await new_dataset(bob, "Same")
    found = await find_target(eve, "Dataset:Same", create=False, group=GROUP, owner="bob")
    assert found.ref == mine.ref
    made = await find_target(eve, "Mice/Brains", create=True, owner="bob")
    assert made.owner == "bob"
    with pytest.raises(Invalid, match="bob is in no group 'x'"):
        await find_target(eve, "Dataset:Same", create=False, group="x", owner="bob")
    request = manifest(mine, 3).model_copy(update={"owner": "bob"})
    transfer_id = (await eve.submit_import(request)).details.transfer.id
    moved = await eve.retarget(transfer_id, made.ref)
    assert moved.transfer.target == made.ref
