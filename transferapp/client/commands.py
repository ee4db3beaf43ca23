"""The facility's commands as a person's programs see them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import quote
from uuid import uuid4

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError

from transferapp.client.connection import STREAM_SILENCE_S
from transferapp.client.events import RECONNECTS
from transferapp.client.problems import raise_for_problem, translated
from transferapp.client.server import ServerClient
from transferapp.errors import ServerUnreachable, Unavailable
from transferapp.protocol import routes
from transferapp.protocol.commands import (
    ENDED_EVENT,
    OUTPUT_EVENT,
    CommandRequest,
    CommandRunView,
    CommandView,
)
from transferapp.protocol.messages import Page


class CommandsClient(ServerClient):
    """A ServerClient that runs commands."""

    async def commands(self) -> list[CommandView]:
        """List the commands that this person may run."""
        return await self._call(list[CommandView], "GET", routes.COMMANDS)

    async def run_command(
        self, name: str, parameters: Mapping[str, str], request_key: str | None = None
    ) -> CommandRunView:
        """Queue a run; the same key gives the first again. Raises NotFound, Invalid."""
        return await self._call(
            CommandRunView,
            "POST",
            f"{routes.COMMANDS}/{quote(name, safe='')}/runs",
            json=CommandRequest(parameters=dict(parameters)).model_dump(),
            headers={routes.IDEMPOTENCY_KEY: request_key or uuid4().hex},
        )

    async def command_runs(self, *, after: str = "", limit: int = 50) -> Page[CommandRunView]:
        """List this person's runs, newest first."""
        params = {"after": after, "limit": str(limit)}
        return await self._call(Page[CommandRunView], "GET", routes.COMMAND_RUNS, params=params)

    async def command_run(self, run_id: str) -> CommandRunView:
        """Return a run; raises NotFound."""
        return await self._call(CommandRunView, "GET", _run(run_id))

    async def cancel_command_run(self, run_id: str) -> CommandRunView:
        """Stop a run; raises StateConflict when it has ended."""
        return await self._call(CommandRunView, "DELETE", _run(run_id))

    async def command_output(self, run_id: str, after: int = 0) -> str:
        """Return what it has printed, from byte ``after`` on."""
        path = routes.command_output(quote(run_id, safe=""))
        return (await self._send("GET", path, params={"after": str(after)})).text

    async def follow_command(
        self, run_id: str, after: int = 0
    ) -> AsyncGenerator[str | CommandRunView, None]:
        """Yield its output as it comes, and at last the ended run; an outage only pauses."""
        tries = 0
        while True:
            try:
                async for sent in self._follow(run_id, after):
                    tries, after = 0, int(sent.id)
                    if sent.event == ENDED_EVENT:
                        yield CommandRunView.model_validate_json(sent.data)
                        return
                    yield str(json.loads(sent.data))
            except Unavailable:
                tries += 1
            await asyncio.sleep(RECONNECTS.spread_s(tries))

    async def _follow(self, run_id: str, after: int) -> AsyncGenerator[ServerSentEvent, None]:
        with translated():
            async with self._http.stream(
                "GET",
                routes.command_output(quote(run_id, safe="")),
                params={"after": str(after)},
                headers=self._headers() | {"Accept": "text/event-stream"},
                timeout=httpx.Timeout(STREAM_SILENCE_S, connect=5.0),
            ) as response:
                if not response.is_success:
                    await response.aread()
                raise_for_problem(response)
                try:
                    async for sent in EventSource(response).aiter_sse():
                        if sent.event in {OUTPUT_EVENT, ENDED_EVENT}:
                            yield sent
                except SSEError as error:
                    raise ServerUnreachable from error


def _run(run_id: str) -> str:
    return f"{routes.COMMAND_RUNS}/{quote(run_id, safe='')}"
