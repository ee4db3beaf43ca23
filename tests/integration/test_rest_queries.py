"""Query parameters that a route does not know are refused, on every route there is."""

from __future__ import annotations

import re
from typing import TypeGuard, cast

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from tests.support.rest_server import RestServer, http, new_dataset, server
from tests.support.rest_uploads import bearer, problem_of
from transferapp.agent.api import make_api
from transferapp.agent.service import Agent
from transferapp.protocol import routes
from transferapp.server.app import ROUTERS

__all__ = ["http", "server"]

#: Asked by machines that add parameters of their own (cache busters, scrape settings), or
#: pages for people that FastAPI serves.
TOLERANT = {
    routes.HEALTH,
    routes.METRICS,
    "/docs",
    "/docs/oauth2-redirect",
    "/redoc",
    "/openapi.json",
}


def calls(server: RestServer) -> list[tuple[str, str]]:
    """Return (method, path) of every route, with something in the place of parameters."""
    described = {path: list(one) for path, one in server.app.openapi()["paths"].items()}
    found = [(method.upper(), path) for path, some in described.items() for method in some]
    for path in (routes.UPLOADS, routes.UPLOADS + "/{file_id}"):
        found += [(method, path) for method in ("POST", "HEAD", "PATCH", "DELETE")]
    return [(method, re.sub(r"{[^}]*}", "1", path)) for method, path in found]


async def test_no_route_ignores_a_parameter(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    client = await server.signed_in()
    ways = [one for one in calls(server) if one[1] not in TOLERANT]
    assert len(ways) > 50
    for method, path in ways:
        answer = await http.request(
            method, path, params={"no_such": "1"}, headers=bearer(client.token or "")
        )
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, (method, path)
        if method != "HEAD":
            problem = problem_of(answer)
            assert problem["code"] == "invalid"
            assert "'no_such'" in problem["detail"], (method, path)


def test_every_route_is_described_or_tolerant(server: RestServer) -> None:
    """The check reads the API's description: what is not in it would go unchecked."""
    described = set(server.app.openapi()["paths"])
    own = {one.path_format for router in ROUTERS for one in router.routes if is_api(one)}
    assert len(own) > 30
    others = {one.path for one in server.app.routes if isinstance(one, Route)}
    tus = {routes.UPLOADS, routes.UPLOADS + "/{file_id}"}
    assert (own | others) - described - tus <= TOLERANT


def is_api(route: BaseRoute) -> TypeGuard[APIRoute]:
    return isinstance(route, APIRoute)


async def test_the_answer_names_what_there_is(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    client = await server.signed_in()
    dataset = await new_dataset(client)
    headers = bearer(client.token or "")

    async def refused(path: str) -> str:
        return str(problem_of(await http.get(path, headers=headers))["detail"])

    assert await refused(f"/v1/images?container={dataset.ref}") == (
        "'container' is no parameter of this address. It knows: after, in, limit, text."
    )
    assert await refused("/v1/images/1?x=1") == (
        "'x' is no parameter of this address. It knows none."
    )
    assert await refused("/v1/images?limit=5&limit=6") == (
        "'limit' is given 2 times. Give it once."
    )
    long = await refused("/v1/images?" + "y" * 5000 + "=secret")
    assert len(long) < 200
    assert "secret" not in long
    fine = await http.get(f"/v1/images?in={dataset.ref}&limit=5&text=", headers=headers)
    assert fine.status_code == httpx.codes.OK


async def test_a_list_may_be_repeated(server: RestServer, http: httpx.AsyncClient) -> None:
    """Of tasks, several states may be asked for; who may not is told that, not this."""
    client = await server.signed_in()
    answer = await http.get(
        "/v1/admin/tasks?state=queued&state=dead", headers=bearer(client.token or "")
    )
    assert answer.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("path", [routes.HEALTH, routes.METRICS, "/docs", "/openapi.json"])
async def test_what_machines_ask_stays_tolerant(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path, params={"_": "1"})).status_code == httpx.codes.OK


async def test_the_workstation_service_ignores_none_either() -> None:
    api = make_api(cast("Agent", None))
    walked = [(one.path, *(one.methods or ())) for one in api.routes if isinstance(one, Route)]
    assert len(walked) > 7
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://agent") as http:
        for path, *methods in walked:
            for method in methods:
                answer = await http.request(method, f"{path}?no_such=1")
                assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, (method, path)
        twice = await http.get(routes.SUBMISSIONS, params={"owner": ["a", "b"]})
    assert problem_of(twice)["detail"] == "'owner' is given 2 times. Give it once."
