"""Everything that a person owns, asked for over REST: who may, and what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from tests.support.many_images import FILES, add_many
from tests.support.rest_server import (
    GROUP,
    PASSWORD,
    RestServer,
    http,
    new_dataset,
    rest_server,
)
from tests.support.rest_uploads import PlainContext, bearer
from transferapp.archive.lines import ImageLine
from transferapp.archive.reading import archive_lines
from transferapp.client.server import ServerClient
from transferapp.errors import Conflict, PermissionDenied
from transferapp.host.database import writing
from transferapp.model.transfers import ItemRole, ItemState
from transferapp.operations.describe_export import DescribeExport, describe_export_kind
from transferapp.protocol.export_requests import ExportRequest
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.storage import schema
from transferapp.repositories.local.storage.schema import open_repository_database

__all__ = ["http"]

OF_ADA = ExportRequest(name="All of ada", owner="ada")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RestServer]:
    """``eve`` is an administrator; ada has five images, and bob one in ada's group."""
    async with rest_server(tmp_path) as running:
        folder = running.parts.settings.repository_folder
        people = Administration(folder)
        await people.add_experimenter("eve", "Eve", PASSWORD, is_admin=True)
        add_many(folder, "ada", 5, per_fileset=2)
        add_many(folder, "bob", 1)
        yield running


@pytest.fixture
async def eve(server: RestServer) -> ServerClient:
    return await server.signed_in("eve")


async def describe(server: RestServer, transfer_id: str, item_id: str) -> None:
    """Do what the worker does with an archive."""
    parts = server.parts
    prepared = parts.exports._prepared
    kind = describe_export_kind(parts.ledger, prepared, parts.repository, parts.clock)
    wanted = DescribeExport(transfer_id=transfer_id, item_id=item_id)
    await kind.handler(PlainContext(), wanted)


async def test_her_own(server: RestServer, http: httpx.AsyncClient) -> None:
    ada = await server.signed_in()
    summary = await ada.export_summary(OF_ADA)
    assert (summary.images, summary.files, summary.refused) == (5, 3 * FILES, "")
    accepted = await ada.submit_export(OF_ADA)
    [*items, described] = accepted.details.items
    transfer = accepted.details.transfer
    assert (len(items), described.role) == (3, ItemRole.ARCHIVE)
    assert (described.name, described.image_ids) == ("archive.jsonl", ())
    kinds = [(await server.parts.queue.get(i.id)).kind for i in accepted.details.items]
    assert kinds == [*["prepare-export"] * 3, "describe-export"]
    await describe(server, transfer.id, described.id)
    agent = server.client(accepted.grant)
    details = await agent.transfer(transfer.id, files=True)
    [file] = [one for one in details.files if one.item_id == described.id]
    path = f"/v1/transfers/{transfer.id}/files/{file.id}/content"
    answer = await http.get(path, headers=bearer(accepted.grant))
    assert answer.status_code == httpx.codes.OK
    done = await agent.delivered(transfer.id, described.id, {file.id: file.sha1})
    assert done.state is ItemState.DELIVERED
    # It is not kept longer than it is needed.
    assert await server.parts.exports._prepared.ids() == []


async def test_images_without_files_are_described_only(server: RestServer) -> None:
    engine = open_repository_database(server.parts.settings.repository_folder)
    with writing(engine) as connection:
        first = sa.select(sa.func.min(schema.filesets.c.id)).scalar_subquery()
        files = schema.original_files
        connection.execute(files.delete().where(files.c.fileset_id == first))
    engine.dispose()
    ada = await server.signed_in()
    summary = await ada.export_summary(OF_ADA)
    assert (summary.images, summary.without_originals.count) == (5, 2)
    accepted = await ada.submit_export(OF_ADA)
    [*items, described] = accepted.details.items
    assert len(items) == 2
    assert len(described.image_ids) == 2
    await describe(server, accepted.details.transfer.id, described.id)
    path = await server.parts.exports._prepared.path(described.id, "archive.jsonl")
    lines = [one for one in archive_lines(path) if isinstance(one, ImageLine)]
    lone = [one.id for one in lines if one.without_originals]
    assert (len(lines), tuple(lone)) == (5, described.image_ids)


async def test_an_administrator_and_nobody_else(server: RestServer, eve: ServerClient) -> None:
    """Not even who leads ada's group."""
    people = Administration(server.parts.settings.repository_folder)
    await people.add_member("bob", GROUP, owner=True)
    bob = await server.signed_in("bob")
    for owner in ("ada", "nobody"):
        request = OF_ADA.model_copy(update={"owner": owner})
        for refused in (bob.submit_export(request), bob.export_summary(request)):
            with pytest.raises(PermissionDenied, match="administrator"):
                await refused
    # Nor who leads none; it is no import that she may not do.
    with pytest.raises(PermissionDenied, match="You may archive your own data"):
        await (await server.signed_in()).export_summary(
            OF_ADA.model_copy(update={"owner": "bob"})
        )
    accepted = await eve.submit_export(OF_ADA, request_key="k")
    transfer = accepted.details.transfer
    assert (transfer.owner, transfer.asked_by, transfer.item_count) == ("ada", "eve", 4)
    ada = await server.signed_in()
    for person in (ada, eve):
        assert [one.id for one in (await person.transfers()).items] == [transfer.id]
    assert (await bob.transfers()).items == []
    with pytest.raises(Conflict):
        await ada.submit_export(OF_ADA, request_key="k")
    with pytest.raises(PermissionDenied, match="'nobody' does not exist"):
        await eve.submit_export(OF_ADA.model_copy(update={"owner": "nobody"}))


async def test_who_lost_her_rights_fetches_nothing(
    server: RestServer, eve: ServerClient, http: httpx.AsyncClient
) -> None:
    accepted = await eve.submit_export(OF_ADA)
    transfer_id, item = accepted.details.transfer.id, accepted.details.items[-1]
    await describe(server, transfer_id, item.id)
    details = await server.client(accepted.grant).transfer(transfer_id, files=True)
    [file] = details.files
    path = f"/v1/transfers/{transfer_id}/files/{file.id}/content"
    assert (await http.get(path, headers=bearer(accepted.grant))).status_code == 200
    engine = open_repository_database(server.parts.settings.repository_folder)
    with writing(engine) as connection:
        people = schema.experimenters
        is_eve = people.c.username == "eve"
        connection.execute(people.update().where(is_eve).values(is_admin=False))
    engine.dispose()
    refused = await http.get(path, headers=bearer(accepted.grant))
    assert refused.status_code == httpx.codes.FORBIDDEN


async def test_of_who_has_nothing_only_the_description(eve: ServerClient) -> None:
    request = ExportRequest(name="All of eve", owner="eve")
    await new_dataset(eve)
    assert (await eve.export_summary(request)).refused == ""
    accepted = await eve.submit_export(request)
    assert [item.role for item in accepted.details.items] == [ItemRole.ARCHIVE]


def test_nothing_else_is_chosen() -> None:
    for more in ({"image_ids": [1]}, {"text": "cells"}, {"form": "png"}, {"layout": "flat"}):
        with pytest.raises(ValueError, match="archive"):
            ExportRequest.model_validate({"name": "x", "owner": "ada", **more})
