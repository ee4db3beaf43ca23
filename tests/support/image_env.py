"""A whole server in memory, behind the real ServerClient: people, images, events, outages."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
from pydantic import TypeAdapter

from tests.support.inbox_env import InboxEnv
from transferapp import errors
from transferapp.client.agent import AgentClient
from transferapp.client.inbox import InboxClient
from transferapp.desktop.session.presenter import SessionParts, SessionPresenter
from transferapp.desktop.session.remembered import SettingsFile
from transferapp.errors import TransferNotFound
from transferapp.host.credentials import Credentials
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.events import Event, EventKind
from transferapp.model.identity import Experimenter, Group, GroupPermissions, Identity
from transferapp.model.images import (
    Annotation,
    AnnotationKind,
    Channel,
    ImageDetails,
    ImageSummary,
    Level,
    OriginalFile,
    Pixels,
)
from transferapp.model.transfers import TransferDetails
from transferapp.protocol import problems, routes
from transferapp.protocol.messages import AgentInfo, ServerInfo, SignedIn, Submission

URL = "http://images.test"
NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
#: One red pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5E"
    "rkJggg=="
)


class MemoryVault:
    """A keyring that holds things in memory; ``error`` is raised by every call."""

    def __init__(self, error: Exception | None = None) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        self._maybe_fail()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._maybe_fail()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._maybe_fail()
        self.kept.pop((service, username), None)

    def _maybe_fail(self) -> None:
        if self.error is not None:
            raise self.error


class FakeAgent:
    """The workstation service, as far as pages ask it."""

    def __init__(self) -> None:
        self.submitted: list[Submission] = []
        self.asked: list[str] = []

    async def submission(self, transfer_id: str) -> None:
        self.asked.append(transfer_id)
        raise TransferNotFound

    async def info(self) -> AgentInfo:
        return AgentInfo(version="0.1.0", account="anna", pid=42)

    async def submit(self, submission: Submission) -> Submission:
        self.submitted.append(submission)
        return submission

    async def submissions(self, _owner: str = "") -> list[Any]:
        return []

    async def follow(self, _owner: str = "", *, on_lost: Any = None) -> AsyncIterator[Any]:
        del on_lost
        await asyncio.Event().wait()
        yield


def image(number: int, name: str = "", **changes: Any) -> ImageSummary:
    """An image of 64 x 48 pixels."""
    base = ImageSummary(
        number, name or f"Image {number}", number, "anna", 1, 64, 48, 1, 2, 1, "uint8", NOW
    )
    return replace(base, **changes)


class ImageEnv:
    """Containers, images and one person: anna with the password ``pipette``."""

    def __init__(self) -> None:
        self.down = False
        self.answer: Callable[[httpx.Request], httpx.Response] | None = None
        self.tokens = {"ta1_kept"}
        self.containers: dict[ContainerRef, Container] = {}
        self.images: dict[ContainerRef | None, list[ImageSummary]] = {None: []}
        self.transfers: dict[str, TransferDetails] = {}
        self.events: list[Event] = []
        #: Events before this id are forgotten, as the server forgets old ones.
        self.kept_from = 0
        self.requests: list[str] = []
        self.inbox_env = InboxEnv()
        self.thumbnail_gate = asyncio.Event()
        self.thumbnail_gate.set()
        self._news = asyncio.Event()
        person = Experimenter(7, "anna", "Anna Weber")
        group = Group(1, "Lab", GroupPermissions.READ_ANNOTATE)
        self.identity = Identity(person, (group,), 1)

    def add(
        self, ref: ContainerRef, name: str, parent: ContainerRef | None = None, **changes: Any
    ) -> Container:
        """Add a container."""
        made = Container(ref, name, "anna", 1, parent=parent, can_link=True, can_edit=True)
        self.containers[ref] = replace(made, **changes)
        if parent is not None:
            above = self.containers[parent]
            self.containers[parent] = replace(above, child_count=above.child_count + 1)
        self.images.setdefault(ref, [])
        return self.containers[ref]

    def put_images(self, ref: ContainerRef, *images: ImageSummary) -> None:
        """Put images into a container."""
        self.images[ref].extend(images)
        self.images[None].extend(images)

    def report(self, kind: EventKind, transfer_id: str = "t1", **values: str) -> Event:
        """Let an event happen."""
        text = {"item_id": "", "state": "imported", "title": "Embryos", "message": ""} | values
        made = Event(
            id=len(self.events) + 1,
            kind=kind,
            owner="anna",
            transfer_id=transfer_id,
            created_at=NOW,
            **text,
        )
        self.events.append(made)
        news, self._news = self._news, asyncio.Event()
        news.set()
        return made

    def go_down(self) -> None:
        """Play an outage: streams break, nothing answers until ``down`` is False."""
        self.down = True
        news, self._news = self._news, asyncio.Event()
        news.set()

    def client(self, url: str, token: str | None = None) -> InboxClient:
        """Return the real client, talking to this house."""
        return InboxClient(url, token, httpx.MockTransport(self._handle))

    def session(self, folder: Path, vault: MemoryVault | None = None) -> SessionPresenter:
        """Return a signed-out session that keeps its settings in ``folder``."""
        return SessionPresenter(
            SessionParts(
                connect=self.client,
                agent=cast("AgentClient", FakeAgent()),
                credentials=Credentials(vault or MemoryVault()),
                settings_file=SettingsFile(folder / "desktop.ini"),
            )
        )

    async def signed_in(self, folder: Path) -> SessionPresenter:
        """Return a signed-in session."""
        session = self.session(folder)
        await session.sign_in(URL, "anna", "pipette", remember=False)
        return session

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.requests.append(f"{request.method} {path}")
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        if self.answer is not None:
            return self.answer(request)
        open_to_all = {routes.SERVER, routes.SESSIONS}
        if path not in open_to_all and self._token(request) not in self.tokens:
            return _problem(errors.GrantRefused())
        handlers: dict[str, Callable[[httpx.Request], Awaitable[httpx.Response]]] = {
            routes.SERVER: self._server,
            routes.SESSIONS: self._sign_in,
            routes.SESSION: self._session_route,
            routes.CONTAINERS: self._containers,
            routes.IMAGES: self._images,
            routes.EVENTS: self._events,
            routes.EXPORTS: self._export,
        }
        if path in handlers:
            return await handlers[path](request)
        if path.startswith(routes.IMAGES):
            return await self._one_image(path)
        is_hers = path.startswith((routes.INBOX, routes.NOTIFICATIONS))
        return self.inbox_env.answer(request) if is_hers else self._one_transfer(path)

    def _token(self, request: httpx.Request) -> str:
        return str(request.headers.get("authorization", "")).removeprefix("Bearer ")

    async def _server(self, _request: httpx.Request) -> httpx.Response:
        info = ServerInfo(
            name="Test", version="0.1.0", repository="local", capabilities=[], part_size=1
        )
        return _json(info)

    async def _sign_in(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if (asked["username"], asked["password"]) != ("anna", "pipette"):
            return _problem(errors.SignInFailed())
        token = f"ta1_{len(self.tokens)}"
        self.tokens.add(token)
        return _json(SignedIn(token=token, expires_at=NOW, identity=self.identity), 201)

    async def _session_route(self, request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            self.tokens.discard(self._token(request))
            return httpx.Response(204)
        return _json({"identity": self.identity, "groups": self.identity.groups})

    async def _containers(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            asked = json.loads(request.content)
            if any(c.name == asked["name"] for c in self.containers.values()):
                return _problem(errors.NameTaken())
            parent = ContainerRef.parse(asked["parent"]) if asked["parent"] else None
            ref = ContainerRef(ContainerKind(asked["kind"]), 100 + len(self.containers))
            return _json(self.add(ref, asked["name"], parent), 201)
        above = request.url.params.get("parent")
        parent = ContainerRef.parse(above) if above else None
        return _json([c for c in self.containers.values() if c.parent == parent])

    async def _images(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        ref = ContainerRef.parse(params["in"]) if "in" in params else None
        after, limit = int(params.get("after", 0)), int(params["limit"])
        found = [i for i in self.images[ref] if params.get("text", "") in i.name]
        rest = [i for i in found if i.id > after]
        more = str(rest[limit - 1].id) if len(rest) > limit else None
        return _json({"items": rest[:limit], "next": more})

    async def _one_image(self, path: str) -> httpx.Response:
        parts = path.removeprefix(f"{routes.IMAGES}/").split("/")
        found = next((i for i in self.images[None] if i.id == int(parts[0])), None)
        if found is None:
            return _problem(errors.ImageNotFound())
        if parts[1:] == ["thumbnail"]:
            await self.thumbnail_gate.wait()
            return httpx.Response(200, content=PIXEL, headers={"Content-Type": "image/png"})
        if parts[1:]:
            return _problem(errors.NotFound())
        return _json(details(found))

    def _one_transfer(self, path: str) -> httpx.Response:
        found = self.transfers.get(path.rsplit("/", 1)[1])
        return _json(found) if found else _problem(errors.TransferNotFound())

    async def _export(self, request: httpx.Request) -> httpx.Response:
        raise NotImplementedError(request.url)

    async def _events(self, request: httpx.Request) -> httpx.Response:
        asked = request.headers.get("last-event-id")
        position = int(asked) if asked else len(self.events)
        begins = max(position, self.kept_from - 1)

        async def stream() -> AsyncIterator[bytes]:
            last = begins
            for name in (routes.EVENTS_READY, routes.EVENTS_MISSED)[: 1 + (begins > position)]:
                yield f"id: {last}\nevent: {name}\ndata: {{}}\n\n".encode()
            while not self.down:
                news = self._news
                for event in [e for e in self.events if e.id > last]:
                    data = TypeAdapter(Event).dump_json(event).decode()
                    yield f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n".encode()
                    last = event.id
                await news.wait()
            raise httpx.ReadError("the line is dead")

        headers = {"Content-Type": "text/event-stream"}
        return httpx.Response(200, content=stream(), headers=headers)


def details(summary: ImageSummary) -> ImageDetails:
    """Return the details of an image with two channels, a file and a tag."""
    channels = (Channel("DAPI", "0000FF", 0, 255), Channel("GFP", "00FF00", 0, 255))
    pixels = Pixels(
        summary.id, summary.name, 1, 2, 1, "uint8", (Level(48, 64),), channels,
        pixel_size_um=(None, 0.5, 0.5),
    )  # fmt: skip
    file = OriginalFile(1, 1, f"day 1/{summary.name}.tif", 12_000_000, "sha1", "0" * 40)
    note = Annotation(AnnotationKind.TAG, value="control")
    return ImageDetails(summary, pixels, (file,), (note,), ("Flies", "Embryos"))


async def until(true: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Wait until something is true; fails after the time."""
    async with asyncio.timeout(timeout_s):
        while not true():  # noqa: ASYNC110 - whatever is true does not tell
            await asyncio.sleep(0.005)


def _json(value: Any, status: int = 200) -> httpx.Response:
    body = TypeAdapter(type(value)).dump_json(value, serialize_as_any=True)
    return httpx.Response(status, content=body, headers={"Content-Type": "application/json"})


def _problem(error: errors.TransferAppError) -> httpx.Response:
    problem = problems.to_problem(error)
    return httpx.Response(
        problem.status,
        content=problem.model_dump_json(),
        headers={"Content-Type": problems.MEDIA_TYPE},
    )
