"""A transfer grant moves the files of its transfer and can do nothing else, on any route."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.rest_server import (
    RestServer,
    http,
    server,
    submitted,
)
from tests.support.rest_uploads import bearer, create_upload, problem_of, send_part, upload
from transferapp.model.transfers import TransferDetails
from transferapp.protocol.messages import Accepted

__all__ = ["http", "server"]

#: What anyone may ask.
PUBLIC = {
    ("get", "/healthz"),
    ("get", "/v1/server"),
    ("get", "/v1/formats"),
    ("get", "/.well-known/jwks.json"),
    ("post", "/v1/sessions"),
}
#: What a signature in the path opens, whatever token comes along.
SIGNED = {
    ("get", "/v1/signed/{signature}/image.zarr/{key}"),
    ("head", "/v1/signed/{signature}/image.zarr/{key}"),
}
#: What a transfer grant may do with its own transfer, beside uploads.
NARROW = {
    ("get", "/v1/transfers/{transfer_id}"),
    ("post", "/v1/transfers/{transfer_id}/files/{file_id}/seal"),
    ("post", "/v1/transfers/{transfer_id}/files/{file_id}/anew"),
    ("get", "/v1/transfers/{transfer_id}/files/{file_id}/content"),
    ("head", "/v1/transfers/{transfer_id}/files/{file_id}/content"),
    ("post", "/v1/transfers/{transfer_id}/items/{item_id}/report"),
    ("post", "/v1/transfers/{transfer_id}/items/{item_id}/delivered"),
    ("post", "/v1/transfers/{transfer_id}/source"),
    ("get", "/v1/transfers/{transfer_id}/receipt"),
    ("post", "/v1/transfers/{transfer_id}/origin"),
}
#: What of it a signed-in person may do, too.
READ = {
    ("get", "/v1/transfers/{transfer_id}"),
    ("get", "/v1/transfers/{transfer_id}/receipt"),
}
#: Has no path parameter: it carries only the events of the grant's transfer.
EVENTS = ("get", "/v1/events")
BODIES: dict[str, Any] = {
    "/v1/sessions": {"username": "ada", "password": "x"},
    "/v1/containers": {"kind": "Project", "name": "p"},
    "/v1/images/{image_id}/signed-url": {},
    "/v1/imports": {
        "name": "n",
        "target": "Dataset:1",
        "items": [{"name": "i", "files": [{"client_path": "a", "size_bytes": 1}]}],
    },
    "/v1/exports": {"name": "n", "image_ids": [1]},
    "/v1/exports/summary": {"name": "n", "image_ids": [1]},
    "/v1/exports/paths": {"name": "n", "image_ids": [1]},
    "/v1/notifications/verify": {"code": "1"},
    "/v1/notifications": {},
    "/v1/transfers/{transfer_id}/target": {"target": "Dataset:1"},
    "/v1/transfers/{transfer_id}/files/{file_id}/seal": {"sha1": "a" * 40},
    "/v1/transfers/{transfer_id}/files/{file_id}/anew": {"size_bytes": 1},
    "/v1/transfers/{transfer_id}/items/{item_id}/report": {"code": "", "message": ""},
    "/v1/transfers/{transfer_id}/items/{item_id}/delivered": {"sha1_by_file": {}},
    "/v1/transfers/{transfer_id}/source": {"looked_at": "2026-11-29T10:00:00Z"},
    "/v1/transfers/{transfer_id}/origin": {"workstation": "scope-3"},
}


def operations(server: RestServer) -> list[tuple[str, str]]:
    """Return (method, path) of everything the server can do, uploads aside."""
    paths: dict[str, dict[str, Any]] = server.app.openapi()["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods]


async def ask(
    http: httpx.AsyncClient, operation: tuple[str, str], details: TransferDetails, token: str
) -> httpx.Response:
    """Ask for an operation on a transfer."""
    method, path = operation
    filled = path.format(
        transfer_id=details.transfer.id,
        item_id=details.items[0].id,
        file_id=details.files[0].id,
        grant_id="0" * 32,
        ref="Dataset:1",
        image_id=1,
        signature="tas1_wrong",
        key="zarr.json",
        entry_id=1,
        attachment_id=1,
        action="pause",
        task_id="0" * 32,
        target="repository",
        name="none",
        run_id="0" * 32,
    )
    headers = bearer(token) if token else {}
    return await http.request(method, filled, json=BODIES.get(path), headers=headers)


async def test_a_transfer_grant_can_do_nothing_else(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    ada = await server.signed_in()
    mine: Accepted = await submitted(ada, 5)
    other: Accepted = await submitted(ada, 5)
    wrong = []
    for operation in operations(server):
        if operation in PUBLIC or operation == EVENTS:
            continue
        for accepted, allowed in ((mine, operation in NARROW), (other, False)):
            answer = await ask(http, operation, accepted.details, mine.grant)
            refusal = httpx.codes.FORBIDDEN if operation in SIGNED else httpx.codes.UNAUTHORIZED
            refused = answer.status_code == refusal
            if refused == allowed:
                wrong.append((operation, accepted is mine, answer.status_code))
    assert wrong == []
    assert {*NARROW, *PUBLIC, *SIGNED, EVENTS} <= set(operations(server))


async def test_a_session_cannot_pose_as_an_agent(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    ada = await server.signed_in()
    accepted = await submitted(ada, 5)
    for operation in NARROW - READ:
        answer = await ask(http, operation, accepted.details, str(ada.token))
        assert answer.status_code == httpx.codes.UNAUTHORIZED, operation


async def test_without_a_token_there_is_nothing(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    accepted = await submitted(await server.signed_in(), 5)
    for token in ("", "ta1_wrong", accepted.grant[:-1]):
        for operation in operations(server):
            if operation in PUBLIC:
                continue
            answer = await ask(http, operation, accepted.details, token)
            if operation in SIGNED:
                assert answer.status_code == httpx.codes.FORBIDDEN, operation
                continue
            assert answer.status_code == httpx.codes.UNAUTHORIZED, operation
            assert answer.headers["www-authenticate"] == "Bearer"
            if operation[0] != "head":
                assert problem_of(answer)["code"] == "grant-refused"


async def test_another_person_sees_nothing(server: RestServer, http: httpx.AsyncClient) -> None:
    accepted = await submitted(await server.signed_in(), 5)
    bob = str((await server.signed_in("bob")).token)
    mine = [one for one in operations(server) if one[1].startswith("/v1/transfers/{")]
    for operation in set(mine) - (NARROW - READ):
        answer = await ask(http, operation, accepted.details, bob)
        assert answer.status_code == httpx.codes.NOT_FOUND, operation


async def test_uploads_take_the_grant_of_their_transfer_only(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    ada = await server.signed_in()
    mine, other = await submitted(ada, 5), await submitted(ada, 5)
    file = other.details.files[0]
    await create_upload(http, other.grant, other.details.transfer.id, file)
    for token, status in ((str(ada.token), 401), ("ta1_wrong", 401), (mine.grant, 404)):
        for transfer_id in (mine.details.transfer.id, other.details.transfer.id):
            made = await create_upload(http, token, transfer_id, file)
            assert made.status_code in {401, 404}
        sent = await send_part(http, token, file.id, 0, b"cells")
        assert sent.status_code == status
        headers = bearer(token) | {"Tus-Resumable": "1.0.0"}
        gone = await http.delete(f"/v1/uploads/{file.id}", headers=headers)
        assert gone.status_code == status
    assert (await server.parts.staging.get(file.id)).offset == 0


async def test_a_revoked_token_is_refused_at_once_also_for_parts(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    ada = await server.signed_in()
    accepted = await submitted(ada, 10)
    file = accepted.details.files[0]
    await create_upload(http, accepted.grant, accepted.details.transfer.id, file)
    sent = await send_part(http, accepted.grant, file.id, 0, b"cells")
    assert sent.status_code == httpx.codes.NO_CONTENT
    (grant_id,) = (grant.id for grant in await ada.grants() if grant.transfer_id)
    await ada.revoke_grant(grant_id)
    sent = await send_part(http, accepted.grant, file.id, 5, b"cells")
    assert sent.status_code == httpx.codes.UNAUTHORIZED
    assert (await server.parts.staging.get(file.id)).offset == 5
    fresh = await ada.renew_grant(accepted.details.transfer.id)
    sent = await send_part(http, fresh, file.id, 5, b"cells")
    assert sent.status_code == httpx.codes.NO_CONTENT


async def test_an_upload_of_another_size_is_refused(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    accepted = await submitted(await server.signed_in(), 5)
    details = accepted.details
    (file,) = details.files
    await upload(http, accepted.grant, details.transfer.id, file, b"cells")
    headers = bearer(accepted.grant) | {"Tus-Resumable": "1.0.0"}
    gone = await http.delete(f"/v1/uploads/{file.id}", headers=headers)
    assert gone.status_code == httpx.codes.NO_CONTENT
    assert (await server.parts.ledger.file(file.id)).bytes_done == 0
    grown = type(file)(file.id, file.item_id, file.client_path, 6)
    answer = await create_upload(http, accepted.grant, details.transfer.id, grown)
    assert answer.status_code == httpx.codes.CONFLICT
    assert "announced with 5 bytes" in problem_of(answer)["detail"]
