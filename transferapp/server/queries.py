"""Hold every request to the parameters that the API's description lists for its route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request

from transferapp.protocol import routes
from transferapp.protocol.queries import check_query

#: Monitors add parameters of their own, such as cache busters. (``/metrics`` is not
#: described, and neither are the pages of the description itself.)
_TOLERANT = frozenset({routes.HEALTH})

#: Of (path, method): each parameter, and whether it may be repeated.
_Known = Mapping[tuple[str, str], Mapping[str, bool]]


def learn_queries(app: FastAPI) -> None:
    """Note what the routes of a complete application know."""
    app.state.queries = {
        (path, method.upper()): _known(route.get("parameters", ()))
        for path, methods in app.openapi()["paths"].items()
        for method, route in methods.items()
        if path not in _TOLERANT
    }


async def known_query(request: Request) -> None:
    """Refuse parameters that nobody reads; a FastAPI dependency of all routes."""
    if not request.query_params:
        return
    queries: _Known = request.app.state.queries
    known = queries.get((request.scope["route"].path_format, request.method))
    if known is not None:
        check_query(request.query_params.multi_items(), known)


def _known(parameters: list[dict[str, Any]]) -> dict[str, bool]:
    return {one["name"]: _is_list(one["schema"]) for one in parameters if one["in"] == "query"}


def _is_list(schema: dict[str, Any]) -> bool:
    return any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", ())))
