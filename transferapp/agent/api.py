"""The workstation service's HTTP interface on its Unix socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import psutil
from pydantic import BaseModel, ValidationError
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from transferapp import __version__, errors
from transferapp.agent.service import Agent
from transferapp.client.agent import CHANGED
from transferapp.host.supervise import failing
from transferapp.protocol import problems, routes
from transferapp.protocol.messages import AgentInfo, Submission, SubmissionView
from transferapp.protocol.queries import check_query

_HEARTBEAT_S = 10
_ONE = routes.SUBMISSIONS + "/{transfer_id}"


_Call = Callable[[Request], Awaitable[Response]]


def make_api(agent: Agent) -> Starlette:
    """Make the ASGI application of a service."""
    calls = _Calls(agent)
    return Starlette(
        routes=[
            _route(routes.AGENT, calls.info),
            _route(routes.SUBMISSIONS, calls.submit, "POST"),
            _route(routes.SUBMISSIONS, calls.submissions, query=("owner",)),
            _route(_ONE, calls.submission),
            _route(_ONE, calls.forget, "DELETE"),
            _route(_ONE + "/placements", calls.placements),
            _route(_ONE + "/retry", calls.retry, "POST"),
            _route(_ONE + "/anew", calls.send_changed_anew, "POST", query=("item",)),
            _route(_ONE + "/cancel", calls.cancel, "POST"),
            _route(routes.EVENTS, calls.events, query=("owner",)),
        ],
        exception_handlers={errors.TransferAppError: _problem},
    )


def _route(path: str, call: _Call, method: str = "GET", query: Sequence[str] = ()) -> Route:
    """Make a route that refuses other query parameters than these."""
    known = dict.fromkeys(query, False)

    async def checked(request: Request) -> Response:
        check_query(request.query_params.multi_items(), known)
        return await call(request)

    return Route(path, checked, methods=[method])


class _Calls:
    """One method for each route."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def info(self, _: Request) -> Response:
        account = await asyncio.to_thread(psutil.Process().username)
        info = AgentInfo(
            version=__version__, account=account, pid=os.getpid(), trouble=failing()
        )
        return _json(info)

    async def submit(self, request: Request) -> Response:
        body = await request.body()
        try:
            submission = await asyncio.to_thread(Submission.model_validate_json, body)
        except ValidationError as error:
            # The input holds a grant: it must not come back or reach a log.
            wrong = error.errors(include_url=False, include_context=False, include_input=False)
            fields = ", ".join(".".join(map(str, e["loc"])) or "body" for e in wrong[:5])
            raise errors.Invalid(f"This is not a submission: {fields}.") from None
        return _json(await self._agent.submit(submission), 201)

    async def submissions(self, request: Request) -> Response:
        views = await self._agent.views(request.query_params.get("owner", ""))
        rows = ",".join(view.model_dump_json() for view in views)
        return Response(f"[{rows}]", media_type="application/json")

    async def submission(self, request: Request) -> Response:
        return _json(await self._agent.view(_id(request)))

    async def placements(self, request: Request) -> Response:
        views = await self._agent.placements(_id(request))
        rows = ",".join(view.model_dump_json() for view in views)
        return Response(f"[{rows}]", media_type="application/json")

    async def retry(self, request: Request) -> Response:
        return _json(await self._agent.retry(_id(request)))

    async def send_changed_anew(self, request: Request) -> Response:
        item_id = request.query_params.get("item", "")
        return _json(await self._agent.send_changed_anew(_id(request), item_id))

    async def cancel(self, request: Request) -> Response:
        return _json(await self._agent.cancel(_id(request)))

    async def forget(self, request: Request) -> Response:
        await self._agent.forget(_id(request))
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        owner = request.query_params.get("owner", "")
        return EventSourceResponse(_changes(self._agent.follow(owner)), ping=_HEARTBEAT_S)


async def _changes(views: AsyncIterator[SubmissionView]) -> AsyncIterator[ServerSentEvent]:
    async for view in views:
        yield ServerSentEvent(data=view.model_dump_json(), event=CHANGED)


async def _problem(_: Request, error: Exception) -> Response:
    problem = problems.to_problem(
        error if isinstance(error, errors.TransferAppError) else errors.Internal()
    )
    return Response(
        problem.model_dump_json(), status_code=problem.status, media_type=problems.MEDIA_TYPE
    )


def _id(request: Request) -> str:
    value: Any = request.path_params["transfer_id"]
    return str(value)


def _json(message: BaseModel, status: int = 200) -> Response:
    return Response(
        message.model_dump_json(), status_code=status, media_type="application/json"
    )
