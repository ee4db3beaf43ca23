"""Attachments over REST: asked for, uploaded, attached, listed, downloaded, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.support.receipt_env import checked, held_by_path
from tests.support.receipt_files import change_one_byte
from tests.support.rest_server import (
    RestServer,
    http,
    manifest,
    new_dataset,
    server,
)
from tests.support.rest_uploads import (
    PlainContext,
    bearer,
    problem_of,
    sha1_of,
    upload,
)
from transferapp.client.server import ServerClient
from transferapp.errors import (
    Conflict,
    Invalid,
    PermissionDenied,
    StateConflict,
    TransferAppError,
)
from transferapp.model.attachments import MOST_ATTACHMENTS
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.transfers import ItemRole, ItemState
from transferapp.operations.attach_files import AttachFiles, attach_files_kind
from transferapp.protocol import routes
from transferapp.protocol.messages import Accepted, ImportRequest, NewFile
from transferapp.protocol.receipts import Holding
from transferapp.receipts.signing import verify
from transferapp.repositories.local.catalogue.containers import LocalContainers
from transferapp.repositories.port import Capability

__all__ = ["http", "server"]

NOTES = {"day 3/notes.txt": b"stained twice", "day 3/empty.log": b""}


def with_notes(target: Container, notes: dict[str, bytes] = NOTES) -> ImportRequest:
    files = [NewFile(client_path=p, size_bytes=len(c)) for p, c in notes.items()]
    return manifest(target, 5).model_copy(update={"attachments": files})


async def run_attaching(server: RestServer, accepted: Accepted) -> None:
    """Do what the worker does."""
    parts = server.parts
    kind = attach_files_kind(parts.ledger, parts.staging, parts.repository)
    transfer_id, item = accepted.details.transfer.id, accepted.details.items[-1]
    await kind.handler(PlainContext(), AttachFiles(transfer_id=transfer_id, item_id=item.id))


async def sent(
    server: RestServer, http: httpx.AsyncClient, client: ServerClient
) -> tuple[Accepted, Container]:
    """Ask for an import with attachments, and upload these."""
    dataset = await new_dataset(client)
    accepted = await client.submit_import(with_notes(dataset))
    agent, transfer_id = server.client(accepted.grant), accepted.details.transfer.id
    for file in accepted.details.files[1:]:
        sha1 = await upload(http, accepted.grant, transfer_id, file, NOTES[file.client_path])
        await agent.seal(transfer_id, file.id, sha1)
    return accepted, dataset


async def test_attached_listed_and_downloaded(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    ada = await server.signed_in()
    assert "attachments" in (await ada.server_info()).capabilities
    accepted, dataset = await sent(server, http, ada)
    fileset, item = accepted.details.items
    assert (fileset.role, item.role) == (ItemRole.FILESET, ItemRole.ATTACHMENTS)
    task = await server.parts.queue.get(item.id)
    assert (task.kind, task.owner, task.target) == ("attach-files", "ada", "repository")
    await run_attaching(server, accepted)
    details = await ada.transfer(accepted.details.transfer.id)
    assert (details.items[1].state, details.items[1].verified) == (ItemState.IMPORTED, True)
    assert (details.transfer.to_attach, details.transfer.attached) == (2, 2)
    assert not details.transfer.promises.safe_to_delete_source

    headers = bearer(ada.token or "")
    listed = await http.get(routes.container_attachments(str(dataset.ref)), headers=headers)
    assert [one["client_path"] for one in listed.json()] == list(NOTES)
    found = listed.json()[0]
    assert (found["sha1"], found["owner"]) == (sha1_of(b"stained twice"), "ada")
    path = routes.attachment_content(found["id"])
    answer = await http.get(path, headers=headers)
    assert (answer.content, answer.headers["etag"]) == (b"stained twice", f'"{found["sha1"]}"')
    assert "notes.txt" in answer.headers["content-disposition"]
    part = await http.get(path, headers=headers | {"Range": "bytes=8-"})
    assert (part.status_code, part.content) == (httpx.codes.PARTIAL_CONTENT, b"twice")

    bob = await server.signed_in("bob")
    hidden = await http.get(path, headers=bearer(bob.token or ""))
    assert problem_of(hidden)["code"] == "file-not-found"
    assert (await http.get(path)).status_code == httpx.codes.UNAUTHORIZED
    transfer_only = await http.get(path, headers=bearer(accepted.grant))
    assert transfer_only.status_code == httpx.codes.UNAUTHORIZED


async def test_too_many_are_refused_in_a_sentence(server: RestServer) -> None:
    ada = await server.signed_in()
    dataset = await new_dataset(ada)
    notes = {f"n/{number}": b"" for number in range(MOST_ATTACHMENTS + 1)}
    with pytest.raises(Invalid, match="one import attaches at most 500"):
        await ada.submit_import(with_notes(dataset, notes))
    assert (await ada.transfers()).items == []


async def test_cancelled_before_it_was_attached(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    ada = await server.signed_in()
    accepted, dataset = await sent(server, http, ada)
    await ada.cancel(accepted.details.transfer.id)
    await run_attaching(server, accepted)
    details = await ada.transfer(accepted.details.transfer.id)
    assert [item.state for item in details.items] == [ItemState.CANCELLED] * 2
    async with server.parts.repository.session("ada") as session:
        assert await session.attachments.of(dataset.ref) == []
    with pytest.raises((StateConflict, Conflict)):
        await ada.retry(details.transfer.id, accepted.details.items[1].id)


async def test_target_gone_asks_a_person_who_chooses_another(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    ada = await server.signed_in()
    accepted, dataset = await sent(server, http, ada)
    await ada.delete_container(dataset.ref)
    other = await new_dataset(ada, "Liver")
    await ada.retarget(accepted.details.transfer.id, other.ref)
    await run_attaching(server, accepted)
    async with server.parts.repository.session("ada") as session:
        assert len(await session.attachments.of(other.ref)) == len(NOTES)


async def test_who_may_not_annotate_is_reported_before_anything_is_sent(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OMERO tells both rights of a container; the embedded repository gives both or none."""
    ada = await server.signed_in()
    dataset = await new_dataset(ada)
    get = LocalContainers.get

    async def may_only_link(self: LocalContainers, ref: ContainerRef) -> Container:
        return replace(await get(self, ref), can_annotate=False)

    monkeypatch.setattr(LocalContainers, "get", may_only_link)
    with pytest.raises(PermissionDenied, match="You may not attach files to 'Kidney'"):
        await ada.submit_import(with_notes(dataset))
    accepted = await ada.submit_import(manifest(dataset, 5))
    assert accepted.details.transfer.to_attach == 0


async def test_a_repository_without_the_ability_is_reported(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await server.signed_in()
    dataset = await new_dataset(ada)
    monkeypatch.setattr(server.parts.repository, "capabilities", frozenset[Capability]())
    with pytest.raises(Invalid, match="takes no attachments"):
        await ada.submit_import(with_notes(dataset))
    listed = routes.container_attachments(str(dataset.ref))
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get(listed, headers=bearer(ada.token or ""))
    assert problem_of(answer)["code"] == "not-found"


async def test_a_request_without_attachments_states_nothing_of_them() -> None:
    """An older server refuses fields that it does not know, and with them the import."""
    bodies: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(httpx.codes.SERVICE_UNAVAILABLE)

    dataset = Container(ContainerRef(ContainerKind.DATASET, 5), "Kidney", "ada", 1)
    async with ServerClient("http://old", transport=httpx.MockTransport(answer)) as client:
        for request in (manifest(dataset, 5), with_notes(dataset)):
            with pytest.raises(TransferAppError):
                await client.submit_import(request)
    without, with_them = bodies
    assert "attachments" not in without
    assert len(with_them["attachments"]) == len(NOTES)


async def test_attachments_are_in_the_receipt_and_checked(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    """One that was deleted is gone, one with another byte differs when it is read."""
    ada = await server.signed_in()
    accepted, _ = await sent(server, http, ada)
    await run_attaching(server, accepted)
    content = await ada.receipt(accepted.details.transfer.id)
    stated = verify(content, await ada.receipt_keys()).receipt
    (item,) = stated.items
    assert (item.role, item.fileset_id, item.image_ids) == ("attachments", None, ())
    assert {file.path: file.sha1 for file in item.files} == {
        path: sha1_of(notes) for path, notes in NOTES.items()
    }
    assert stated.items_missing == 1
    for deep in (False, True):
        found = held_by_path(await checked(ada, content, deep=deep))
        assert found == dict.fromkeys(NOTES, Holding.HELD)
    folder = server.parts.settings.repository_folder
    (stored,) = (
        one
        for one in (folder / "originals").rglob("*")
        if one.is_file() and one.read_bytes() == b"stained twice"
    )
    stored.chmod(0o600)
    change_one_byte(stored)
    by_bytes = held_by_path(await checked(ada, content, deep=True))
    assert by_bytes == {"day 3/notes.txt": Holding.DIFFERS, "day 3/empty.log": Holding.HELD}
    stored.unlink()
    by_bytes = held_by_path(await checked(ada, content, deep=True))
    assert by_bytes["day 3/notes.txt"] is Holding.GONE
