"""What a request says too much, or beyond what a database holds, is refused in words."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.rest_server import RestServer, http, new_dataset, server, submitted
from tests.support.rest_uploads import bearer, problem_of
from transferapp.protocol import routes
from transferapp.protocol.receipts import RECEIPT_TYPE

__all__ = ["http", "server"]

LARGE = 10**25
FILE = {"client_path": "a.tif", "size_bytes": 1}


async def test_every_body_refuses_fields_that_it_does_not_know(server: RestServer) -> None:
    """As the API's description has it; what is nested is tried below."""
    described = server.app.openapi()
    seen = 0
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            if "requestBody" not in route:
                continue
            content = route["requestBody"]["content"]
            if set(content) == {RECEIPT_TYPE}:
                continue  # Signed, and strict by itself: unit/receipts/test_signing.py.
            schema = content["application/json"]["schema"]
            if reference := schema.get("$ref"):
                schema = described["components"]["schemas"][reference.rpartition("/")[2]]
            assert schema["additionalProperties"] is False, (method, path)
            seen += 1
    assert seen > 12


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"dropp": {}}, "dropp"),
        ({"drop": {"roots": ["a"], "left_out_file": 3}}, "drop.left_out_file"),
        (
            {"drop": {"left_out": [{"client_path": "b", "reason": "refused", "files": 9}]}},
            "drop.left_out.0.files",
        ),
        ({"annotations": [{"kind": "tag", "value": "x", "colour": "red"}]}, "colour"),
        ({"items": [{"name": "a", "files": [FILE | {"sha1": ""}]}]}, "sha1"),
    ],
)
async def test_a_manifest_with_an_unknown_field(
    server: RestServer, http: httpx.AsyncClient, more: dict[str, Any], named: str
) -> None:
    client = await server.signed_in()
    target = str((await new_dataset(client)).ref)
    items = [{"name": "a", "files": [FILE]}]
    answer = await http.post(
        routes.IMPORTS,
        json={"name": "x", "target": target, "items": items} | more,
        headers=bearer(client.token or ""),
    )
    problem = problem_of(answer)
    assert problem["code"] == "invalid"
    assert named in problem["detail"]
    assert (await client.transfers()).items == []


async def test_a_scan_with_an_unknown_field_is_no_clean_scan(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    accepted = await submitted(await server.signed_in(), 3)
    path = routes.source(accepted.details.transfer.id)
    scan = {"looked_at": "2026-01-01T00:00:00Z", "files": 1}
    headers = bearer(accepted.grant)
    refused = await http.post(path, json=scan | {"chnaged": 3}, headers=headers)
    assert "'chnaged' is not right" in problem_of(refused)["detail"]
    taken = await http.post(path, json=scan | {"changed": 3}, headers=headers)
    assert taken.json()["look"]["changed"] == 3
    again = await http.post(path, json=scan | {"changed": 3}, headers=headers)
    assert again.json()["updated_at"] == taken.json()["updated_at"]


@pytest.mark.parametrize(
    "drop",
    [
        {"left_out_files": -1},
        {"ignored_files": 1 << 63},
        {"left_out": [{"client_path": "b", "reason": "refused"}], "left_out_files": 0},
        {"left_out": [{"client_path": "b", "reason": "refused", "file_count": -5}]},
        {"left_out": [{"client_path": "b\x00", "reason": "ignored"}]},
        {"roots": ["a\x00"]},
    ],
    ids=["less than none", "too many", "listed, not counted", "negative", "NUL", "NUL root"],
)
async def test_a_drop_that_cannot_be(
    server: RestServer, http: httpx.AsyncClient, drop: dict[str, Any]
) -> None:
    client = await server.signed_in()
    target = str((await new_dataset(client)).ref)
    body = {"name": "x", "target": target, "items": [{"name": "a", "files": [FILE]}]}
    answer = await http.post(
        routes.IMPORTS, json=body | {"drop": drop}, headers=bearer(client.token or "")
    )
    assert problem_of(answer)["code"] == "invalid"


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/images/{LARGE}",
        f"/v1/images/{LARGE}/thumbnail",
        f"/v1/images/{LARGE}/zarr/zarr.json",
        f"/v1/images?after={LARGE}",
        f"/v1/images?in=Dataset:{LARGE}",
        f"/v1/containers/Dataset:{LARGE}",
        f"/v1/containers?parent=Project:{LARGE}",
        f"/v1/inbox?after={LARGE}",
    ],
)
async def test_ids_that_no_database_holds(
    server: RestServer, http: httpx.AsyncClient, path: str
) -> None:
    client = await server.signed_in()
    answer = await http.get(path, headers=bearer(client.token or ""))
    assert problem_of(answer)["code"] == "invalid"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/v1/inbox/{LARGE}/read", None),
        ("/v1/inbox/read", {"upto": LARGE}),
        ("/v1/exports", {"name": "x", "image_ids": [LARGE]}),
        ("/v1/duplicates", {"items": [{"files": [FILE | {"size_bytes": LARGE}]}]}),
        ("/v1/containers", {"kind": "Dataset", "name": "x", "group_id": LARGE}),
        ("/v1/containers", {"kind": "Dataset", "name": "x", "parent": f"Project:{LARGE}"}),
        (
            "/v1/imports",
            {
                "name": "x",
                "target": "Dataset:1",
                "items": [{"name": "a", "files": [FILE | {"size_bytes": LARGE}]}],
            },
        ),
    ],
)
async def test_numbers_that_no_database_holds(
    server: RestServer, http: httpx.AsyncClient, path: str, body: Any
) -> None:
    client = await server.signed_in()
    answer = await http.post(path, json=body, headers=bearer(client.token or ""))
    assert problem_of(answer)["code"] == "invalid"
