"""The REST API on a real server: people, containers, imports, and what is refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from tests.support.rest_server import (
    PASSWORD,
    RestServer,
    http,
    manifest,
    new_dataset,
    server,
    submitted,
)
from tests.support.rest_uploads import (
    bearer,
    create_upload,
    problem_of,
    send_part,
    sha1_of,
    upload,
)
from transferapp.errors import (
    Busy,
    GrantRefused,
    Invalid,
    NameNotAllowed,
    NoSuchFile,
    NotFound,
    PermissionDenied,
    SignInFailed,
    StateConflict,
    TargetNotFound,
    TransferNotFound,
)
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.drops import Drop, LeftOut, LeftOutReason, SourceScan
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.taskqueue.port import TaskState

__all__ = ["http", "server"]


class TestPeople:
    """Signing in and out."""

    async def test_sign_in(self, server: RestServer) -> None:
        client = server.client()
        info = await client.server_info()
        assert (info.name, info.repository) == ("Test", "local")
        signed_in = await client.sign_in("ada", PASSWORD)
        assert signed_in.identity.experimenter.username == "ada"
        assert await client.identity() == signed_in.identity
        await client.sign_out()
        client.token = signed_in.token
        with pytest.raises(GrantRefused):
            await client.identity()

    async def test_a_wrong_password_is_stated_in_plain_text(
        self, http: httpx.AsyncClient
    ) -> None:
        answer = await http.post("/v1/sessions", json={"username": "ada", "password": "no"})
        assert answer.status_code == httpx.codes.UNAUTHORIZED
        problem = problem_of(answer)
        assert problem["code"] == "sign-in-failed"
        assert "password is not right" in problem["detail"]
        unknown = await http.post("/v1/sessions", json={"username": "eve", "password": "no"})
        assert problem_of(unknown) == problem

    async def test_guessing_is_slowed(self, server: RestServer) -> None:
        client = server.client()
        guesses = [client.sign_in("ada", f"guess {n}") for n in range(14)]
        reported = await asyncio.gather(*guesses, return_exceptions=True)
        kinds = [type(one) for one in reported]
        assert kinds.count(SignInFailed) == 10
        assert kinds.count(Busy) == 4
        with pytest.raises(Busy) as refused:
            await client.sign_in("ada", PASSWORD)
        assert refused.value.retry_after_s is not None
        assert 0 < refused.value.retry_after_s <= 60
        await client.sign_in("bob", PASSWORD)

    async def test_grants_are_listed_and_revoked(self, server: RestServer) -> None:
        ada = await server.signed_in()
        accepted = await submitted(ada, 3)
        session, transfer = sorted(await ada.grants(), key=lambda grant: grant.purpose)
        assert (session.purpose, transfer.purpose) == ("session", "transfer")
        assert transfer.transfer_id == accepted.details.transfer.id
        narrow = server.client(accepted.grant)
        await narrow.transfer(accepted.details.transfer.id)
        await ada.revoke_grant(transfer.id)
        with pytest.raises(GrantRefused):
            await narrow.transfer(accepted.details.transfer.id)
        with pytest.raises(NotFound):
            await (await server.signed_in("bob")).revoke_grant(session.id)
        fresh = await ada.renew_grant(accepted.details.transfer.id)
        await server.client(fresh).transfer(accepted.details.transfer.id)


class TestContainers:
    """What images are sorted into."""

    async def test_make_list_delete(self, server: RestServer) -> None:
        ada = await server.signed_in()
        project = await ada.create_container(ContainerKind.PROJECT, "Kidney 🔬")
        dataset = await ada.create_container(
            ContainerKind.DATASET, "Monday", parent=project.ref, description="d"
        )
        assert await ada.containers() == [await ada.container(project.ref)]
        assert [c.ref for c in await ada.containers(project.ref)] == [dataset.ref]
        assert (await ada.container(dataset.ref)).description == "d"
        assert (await ada.images(dataset.ref)).items == []
        await ada.delete_container(dataset.ref)
        with pytest.raises(TargetNotFound):
            await ada.container(dataset.ref)
        with pytest.raises(Invalid, match="no kind"):
            await ada.create_container("Shelf", "x")  # type: ignore[arg-type]

    async def test_private_data_stays_private(self, server: RestServer) -> None:
        mine = await new_dataset(await server.signed_in())
        bob = await server.signed_in("bob")
        assert await bob.containers() == []
        with pytest.raises((TargetNotFound, PermissionDenied)):
            await bob.submit_import(manifest(mine, 1))


class TestImports:
    """From the manifest to the queue."""

    async def test_an_import_is_uploaded_sealed_and_queued(
        self, server: RestServer, http: httpx.AsyncClient
    ) -> None:
        accepted = await submitted(await server.signed_in(), 5, 0)
        transfer_id = accepted.details.transfer.id
        agent = server.client(accepted.grant)
        one, two = accepted.details.files
        sha1 = await upload(http, accepted.grant, transfer_id, one, b"cells")
        item = await agent.seal(transfer_id, one.id, sha1)
        assert (item.state, item.bytes_done) == (ItemState.UPLOADING, 5)
        with pytest.raises(TransferNotFound):
            await server.parts.queue.get(item.id)
        sha1 = await upload(http, accepted.grant, transfer_id, two, b"")
        for _ in range(2):
            item = await agent.seal(transfer_id, two.id, sha1)
            assert item.state is ItemState.RECEIVED
        task = await server.parts.queue.get(item.id)
        assert (task.kind, task.owner, task.target) == ("import-fileset", "ada", "repository")
        details = await agent.transfer(transfer_id, files=True)
        assert details.transfer.promises.safe_to_switch_off
        assert not details.transfer.promises.safe_to_delete_source
        assert [file.sha1 for file in details.files] == [sha1_of(b"cells"), sha1_of(b"")]

    async def test_a_file_with_missing_bytes_cannot_be_sealed(
        self, server: RestServer, http: httpx.AsyncClient
    ) -> None:
        accepted = await submitted(await server.signed_in(), 5)
        transfer_id, file = accepted.details.transfer.id, accepted.details.files[0]
        await create_upload(http, accepted.grant, transfer_id, file)
        await send_part(http, accepted.grant, file.id, 0, b"cel")
        agent = server.client(accepted.grant)
        with pytest.raises(StateConflict):
            await agent.seal(transfer_id, file.id, sha1_of(b"cel"))
        details = await agent.transfer(transfer_id)
        assert (details.transfer.bytes_done, details.transfer.state) == (
            3,
            ItemState.UPLOADING,
        )

    async def test_the_same_request_gives_the_same_transfer(self, server: RestServer) -> None:
        ada = await server.signed_in()
        request = manifest(await new_dataset(ada), 1, 2)
        asked = [ada.submit_import(request, request_key="once") for _ in range(5)]
        answers = await asyncio.gather(*asked)
        assert len({answer.details.transfer.id for answer in answers}) == 1
        assert len({answer.grant for answer in answers}) == 5
        assert len((await ada.transfers()).items) == 1
        await ada.submit_import(request)
        assert len((await ada.transfers()).items) == 2

    @pytest.mark.parametrize(
        "path",
        ["../up", "/etc/passwd", "a//b", "a/./b", "C:\\x", "a\x00b", "n" * 256, "n/" * 2048],
    )
    async def test_names_that_cannot_be_stored(self, server: RestServer, path: str) -> None:
        ada = await server.signed_in()
        files = [NewFile(client_path=path, size_bytes=1)]
        target = str((await new_dataset(ada)).ref)
        request = ImportRequest(name="n", target=target, items=[NewItem(name="n", files=files)])
        with pytest.raises(NameNotAllowed):
            await ada.submit_import(request)
        assert (await ada.transfers()).items == []

    async def test_names_of_all_the_env_are_fine(self, server: RestServer) -> None:
        ada = await server.signed_in()
        path = "Zürich/日本語/🔬 'cells' \\ \"x\".tif"
        files = [NewFile(client_path=path, size_bytes=1)]
        target = str((await new_dataset(ada)).ref)
        items = [NewItem(name=path, files=files)]
        accepted = await ada.submit_import(ImportRequest(name=path, target=target, items=items))
        assert accepted.details.files[0].client_path == path

    async def test_targets_are_checked_now(self, server: RestServer) -> None:
        ada = await server.signed_in()
        dataset = await new_dataset(ada)
        project = await ada.create_container(ContainerKind.PROJECT, "P")
        with pytest.raises(Invalid, match="Choose a dataset"):
            await ada.submit_import(manifest(project, 1))
        await ada.delete_container(dataset.ref)
        with pytest.raises(TargetNotFound):
            await ada.submit_import(manifest(dataset, 1))

    async def test_a_problem_is_reported_and_over(self, server: RestServer) -> None:
        ada = await server.signed_in()
        accepted = await submitted(ada, 5)
        transfer_id, item = accepted.details.transfer.id, accepted.details.items[0]
        agent = server.client(accepted.grant)
        reported = await agent.report(
            transfer_id, item.id, "vanished-file", "cells/0.tif is gone."
        )
        assert reported.state is ItemState.NEEDS_ATTENTION
        assert reported.trouble is not None
        assert (reported.trouble.title, reported.trouble.message) == (
            "The file is gone",
            "cells/0.tif is gone.",
        )
        reported = await agent.report(transfer_id, item.id, "", "")
        assert (reported.state, reported.trouble) == (ItemState.QUEUED, None)

    async def test_a_second_sentence_of_the_same_problem_is_reported(
        self, server: RestServer
    ) -> None:
        """A file that is written, and then has another size: what helps is another thing."""
        ada = await server.signed_in()
        accepted = await submitted(ada, 5)
        transfer_id, item = accepted.details.transfer.id, accepted.details.items[0]
        agent = server.client(accepted.grant)
        for sentence in ("Wait until it is written.", "Cancel this item and import it anew."):
            reported = await agent.report(transfer_id, item.id, "changed-file", sentence)
            assert reported.trouble is not None
            assert reported.trouble.message == sentence
        details = await ada.transfer(transfer_id)
        assert details.transfer.trouble is not None
        assert details.transfer.trouble.message == "Cancel this item and import it anew."
        events = await server.parts.ledger.events("ada", 0)
        problems = [e.message for e in events if e.kind is EventKind.ITEM_PROBLEM]
        assert [m.partition(": ")[2] for m in problems] == [
            "Wait until it is written.",
            "Cancel this item and import it anew.",
        ]

    async def test_what_was_left_out_and_how_the_source_scans(self, server: RestServer) -> None:
        ada = await server.signed_in()
        cut = LeftOut("day 3/cut.tif", LeftOutReason.REFUSED, "damaged-file", "Cut off.")
        asked = manifest(await new_dataset(ada), 5)
        asked = asked.model_copy(update={"drop": Drop(("day 3",), (cut,), 1, 2)})
        accepted = await ada.submit_import(asked)
        transfer_id = accepted.details.transfer.id
        details = await ada.transfer(transfer_id)
        assert details.left_out == (cut,)
        assert (details.transfer.left_out_files, details.transfer.left_out_names) == (
            1,
            ("day 3/cut.tif",),
        )
        scan = SourceScan(datetime(2026, 11, 29, tzinfo=UTC), files=0, names=("a",))
        kept = await server.client(accepted.grant).source_scanned(transfer_id, scan)
        assert kept.look == scan
        assert (await ada.transfer(transfer_id)).transfer.look == scan

    async def test_a_retry_lets_the_agent_go_on(self, server: RestServer) -> None:
        ada = await server.signed_in()
        accepted = await submitted(ada, 5)
        transfer_id, item = accepted.details.transfer.id, accepted.details.items[0]
        agent = server.client(accepted.grant)
        await agent.report(transfer_id, item.id, "vanished-file", "gone")
        details = await ada.retry(transfer_id, item.id)
        assert details.items[0].state is ItemState.QUEUED
        await agent.report(transfer_id, item.id, "vanished-file", "gone")
        assert (await ada.retry(transfer_id)).transfer.state is ItemState.QUEUED

    async def test_a_received_import_is_retried_by_the_queue(
        self, server: RestServer, http: httpx.AsyncClient
    ) -> None:
        ada = await server.signed_in()
        accepted = await submitted(ada, 5)
        transfer_id, item = accepted.details.transfer.id, accepted.details.items[0]
        file = accepted.details.files[0]
        sha1 = await upload(http, accepted.grant, transfer_id, file, b"cells")
        await server.client(accepted.grant).seal(transfer_id, file.id, sha1)
        await server.parts.queue.pause(item.id)
        details = await ada.retry(transfer_id, item.id)
        assert details.items[0].state is ItemState.RECEIVED
        assert (await server.parts.queue.get(item.id)).state is TaskState.QUEUED

    async def test_cancel_stops_everything(
        self, server: RestServer, http: httpx.AsyncClient
    ) -> None:
        ada = await server.signed_in()
        dataset = await new_dataset(ada)
        one = NewItem(name="1", files=[NewFile(client_path="1", size_bytes=5)])
        two = NewItem(name="2", files=[NewFile(client_path="2", size_bytes=5)])
        request = ImportRequest(name="n", target=str(dataset.ref), items=[one, two])
        accepted = await ada.submit_import(request)
        transfer_id, (first, second) = accepted.details.transfer.id, accepted.details.files
        sha1 = await upload(http, accepted.grant, transfer_id, first, b"cells")
        agent = server.client(accepted.grant)
        await agent.seal(transfer_id, first.id, sha1)
        await create_upload(http, accepted.grant, transfer_id, second)
        for _ in range(2):
            details = await ada.cancel(transfer_id)
            assert details.transfer.state is ItemState.CANCELLED
        task = await server.parts.queue.get(accepted.details.items[0].id)
        assert task.state is TaskState.CANCELLED
        for file in (first, second):
            with pytest.raises(NoSuchFile):
                await server.parts.staging.get(file.id)
        refused = await send_part(http, accepted.grant, second.id, 0, b"cells")
        assert refused.status_code == httpx.codes.CONFLICT
        with pytest.raises(StateConflict):
            await agent.seal(transfer_id, second.id, sha1)

    async def test_another_target_can_be_chosen(self, server: RestServer) -> None:
        ada = await server.signed_in()
        accepted = await submitted(ada, 5)
        transfer_id = accepted.details.transfer.id
        other = await new_dataset(ada, "Liver")
        details = await ada.retarget(transfer_id, other.ref)
        assert (details.transfer.target, details.transfer.target_name) == (other.ref, "Liver")
        with pytest.raises(TargetNotFound):
            await ada.retarget(transfer_id, ContainerRef(ContainerKind.DATASET, 999))


class TestAnswers:
    """What a client is told when something is wrong."""

    async def test_validation_errors_are_readable(
        self, server: RestServer, http: httpx.AsyncClient
    ) -> None:
        ada = await server.signed_in()
        headers = bearer(str(ada.token))
        body = {
            "name": "n",
            "target": "Dataset:1",
            "items": [{"name": "i", "files": [{"client_path": "a", "size_bytes": -1}]}],
        }
        reported = [
            await http.post("/v1/imports", json=body, headers=headers),
            await http.post("/v1/imports", content=b"{", headers=headers),
            await http.get("/v1/images?limit=0", headers=headers),
            await http.get("/v1/images?in=Shelf:1", headers=headers),
            await http.post("/v1/sessions", json={"username": "ada", "pass": "s3cret"}),
        ]
        problems = [problem_of(answer) for answer in reported]
        assert {problem["status"] for problem in problems} == {422}
        assert {problem["code"] for problem in problems} == {"invalid"}
        details = [problem["detail"] for problem in problems]
        assert details[0].startswith("'items.0.files.0.size_bytes' is not right:")
        assert details[1] == "The request is not valid JSON."
        assert "limit" in details[2]
        assert details[3] == "'Shelf:1' is not a container. Write it like Dataset:12."
        assert "s3cret" not in details[4]

    async def test_unknown_addresses_and_methods(self, http: httpx.AsyncClient) -> None:
        nothing = problem_of(await http.get("/v1/nothing"))
        assert (nothing["status"], nothing["code"]) == (404, "not-found")
        assert problem_of(await http.put("/v1/sessions"))["status"] == 405

    async def test_a_defect_is_a_problem_too(
        self, server: RestServer, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def broken(_self: object, _token: str) -> None:
            raise RuntimeError("secret inner detail")

        monkeypatch.setattr(type(server.parts.grants), "check", broken)
        answer = await http.get("/v1/session", headers=bearer("ta1_x"))
        assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
        assert problem_of(answer)["code"] == "internal"
        assert "secret" not in answer.text

    async def test_health_and_description(self, http: httpx.AsyncClient) -> None:
        health = (await http.get("/healthz")).json()
        assert (health["database"], health["queue"]) == ("ok", "ok")
        assert health["repository"]["state"] == "progressing"
        described = (await http.get("/openapi.json")).json()["paths"]
        assert "/v1/imports" in described
        assert (await http.get("/docs")).status_code == httpx.codes.OK
