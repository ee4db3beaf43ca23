"""Real receivers of notifications: an SMTP server and an HTTP server on free ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from transferapp.server.serving import listen


@dataclass
class MailEnv:
    """What arrived by mail; ``answers`` are given first, then 250."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    #: Called when a mail is here and its answer is not yet given.
    on_mail: Callable[[], None] | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail; aiosmtpd's name."""
        if self.answers:
            return self.answers.pop(0)
        mail = message_from_bytes(envelope.content, policy=policy.SMTP)
        self.mails.append(mail)
        if self.on_mail is not None:
            self.on_mail()
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailEnv]:
    """Serve SMTP from this event loop."""
    env = MailEnv()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(env, hostname="test"), "127.0.0.1", 0)
    env.port = server.sockets[0].getsockname()[1]
    try:
        yield env
    finally:
        server.close()


@dataclass
class HookEnv:
    """What was posted; ``answers`` are given first, then 204."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Take a POST."""
        self.posts.append((dict(request.headers), await request.body()))
        return Response(status_code=self.answers.pop(0) if self.answers else 204)


@asynccontextmanager
async def hook_server() -> AsyncIterator[HookEnv]:
    """Serve HTTP from this event loop."""
    env = HookEnv()
    app = Starlette(routes=[Route("/hook", env.take, methods=["POST"])])
    with listen("127.0.0.1", 0) as listener:
        env.url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve(sockets=[listener]))
        try:
            yield env
        finally:
            server.should_exit = True
            await serving
