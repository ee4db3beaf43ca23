"""Talk to the workstation service over its Unix socket, as desktop and CLI do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import aconnect_sse
from typing_extensions import override

from transferapp.client.problems import raise_for_problem, translated
from transferapp.client.trust import trust_for
from transferapp.errors import (
    AgentUnreachable,
    GrantRefused,
    NotFound,
    ServerUnreachable,
    StateConflict,
)
from transferapp.host.backoff import Backoff
from transferapp.host.closing import AsyncClosing
from transferapp.protocol import routes
from transferapp.protocol.messages import AgentInfo, PlacementView, Submission, SubmissionView

#: What HTTP wants to hear; the socket leads there.
_ADDRESS = "http://agent"
#: The service sends a heartbeat every 10 s; a stream silent for longer is dead.
STREAM_SILENCE_S = 30.0
#: Between two tries to follow again.
RECONNECTS = Backoff(0.1, 5.0)
#: The event that carries a SubmissionView.
CHANGED = "submission.changed"

#: This workstation's service cannot do anything for a transfer; the server may.
NOT_IN_ITS_HANDS = (
    AgentUnreachable,
    GrantRefused,
    NotFound,
    ServerUnreachable,
    StateConflict,
)

LostListener = Callable[[AgentUnreachable], None]


class AgentClient(AsyncClosing):
    """The workstation service, seen from the person's own programs.

    Every method raises AgentUnreachable when nothing answers on the socket. Close it with
    ``aclose`` or use it in ``async with``; it belongs to the event loop of its first call.
    """

    def __init__(self, socket: Path, *, timeout_s: float = 30.0) -> None:
        """Make the client; nothing is opened before the first call."""
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket), verify=trust_for(_ADDRESS)),
            base_url=_ADDRESS,
            timeout=httpx.Timeout(timeout_s, connect=5.0),
        )

    @override
    async def aclose(self) -> None:
        await self._http.aclose()

    async def info(self) -> AgentInfo:
        """Say who answers."""
        return AgentInfo.model_validate(await self._call("GET", routes.AGENT))

    async def submit(self, submission: Submission) -> SubmissionView:
        """Hand over a submission. When this returns it is durable: safe to log off.

        The same ``transfer_id`` again gives the first; a new grant replaces the old one.
        """
        # A submission may list 100,000 files: not on the event loop.
        body = await asyncio.to_thread(_with_grant, submission)
        headers = {"content-type": "application/json"}
        return SubmissionView.model_validate(
            await self._call("POST", routes.SUBMISSIONS, content=body, headers=headers)
        )

    async def submissions(self, owner: str = "") -> list[SubmissionView]:
        """List submissions, newest first; of one owner (``user@server``) or everyone's."""
        params = {"owner": owner} if owner else {}
        rows = await self._call("GET", routes.SUBMISSIONS, params=params)
        return [SubmissionView.model_validate(row) for row in rows]

    async def submission(self, transfer_id: str) -> SubmissionView:
        """Return one submission; raises TransferNotFound."""
        return await self._view("GET", transfer_id)

    async def placements(self, transfer_id: str) -> list[PlacementView]:
        """List where an export's items go, as far as that is decided; raises
        TransferNotFound.
        """
        rows = await self._call("GET", f"{routes.SUBMISSIONS}/{transfer_id}/placements")
        return [PlacementView.model_validate(row) for row in rows]

    async def retry(self, transfer_id: str) -> SubmissionView:
        """Clear its problems and go on at once; raises TransferNotFound."""
        return await self._view("POST", transfer_id, "/retry")

    async def send_changed_anew(self, transfer_id: str, item_id: str = "") -> SubmissionView:
        """Send files anew that have changed and whose items (or one of them) need a person;
        raises TransferNotFound and what the server answers. Ask it before the server is
        asked to try again: it would take what was sent before.
        """
        item = {"item": item_id} if item_id else {}
        path = f"{routes.SUBMISSIONS}/{transfer_id}/anew"
        return SubmissionView.model_validate(await self._call("POST", path, params=item))

    async def cancel(self, transfer_id: str) -> SubmissionView:
        """Stop moving its bytes for good; raises TransferNotFound."""
        return await self._view("POST", transfer_id, "/cancel")

    async def forget(self, transfer_id: str) -> None:
        """Drop an ended submission; raises TransferNotFound, StateConflict."""
        await self._call("DELETE", f"{routes.SUBMISSIONS}/{transfer_id}")

    async def follow(
        self, owner: str = "", *, on_lost: LostListener | None = None
    ) -> AsyncGenerator[SubmissionView, None]:
        """Yield every submission once, then each change, for ever.

        When the service goes away ``on_lost`` is called and the stream continues, again
        with every submission first, when it is back. Leave it by cancelling or ``aclose``.
        """
        tries = 0
        while True:
            try:
                async with aclosing(self._stream(owner)) as views:
                    async for view in views:
                        tries = 0
                        yield view
            except AgentUnreachable as error:
                if on_lost is not None:
                    on_lost(error)
            await asyncio.sleep(RECONNECTS.spread_s(tries))
            tries += 1

    async def _stream(self, owner: str) -> AsyncGenerator[SubmissionView, None]:
        timeout = httpx.Timeout(STREAM_SILENCE_S, connect=5.0)
        params = {"owner": owner} if owner else {}
        with translated(AgentUnreachable):
            async with aconnect_sse(
                self._http, "GET", routes.EVENTS, params=params, timeout=timeout
            ) as source:
                async for event in source.aiter_sse():
                    if event.event == CHANGED:
                        yield SubmissionView.model_validate_json(event.data)

    async def _view(self, method: str, transfer_id: str, action: str = "") -> SubmissionView:
        path = f"{routes.SUBMISSIONS}/{transfer_id}{action}"
        return SubmissionView.model_validate(await self._call(method, path))

    async def _call(self, method: str, path: str, **arguments: Any) -> Any:
        with translated(AgentUnreachable):
            response = await self._http.request(method, path, **arguments)
            raise_for_problem(response)
            return response.json() if response.content else None


def _with_grant(submission: Submission) -> bytes:
    """Return the JSON of a submission with its grant, which pydantic masks."""
    body = submission.model_dump(mode="json")
    body["grant"] = submission.grant.get_secret_value()
    return json.dumps(body).encode()
