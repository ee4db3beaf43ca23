"""The server as a person's programs see it: one typed method for each route."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from httpx_sse import EventSource, SSEError
from pydantic import BaseModel, TypeAdapter
from typing_extensions import override

from transferapp.client.problems import raise_for_problem, translated
from transferapp.client.trust import trust_for
from transferapp.errors import ServerUnreachable
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.host.closing import AsyncClosing
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.drops import SourceLook
from transferapp.model.duplicates import HeldAlready
from transferapp.model.events import Event, EventKind
from transferapp.model.identity import Identity
from transferapp.model.images import ImageDetails, ImageSummary
from transferapp.model.transfers import (
    Transfer,
    TransferDetails,
    TransferItem,
    TransferKind,
)
from transferapp.protocol import routes
from transferapp.protocol.addresses import check_address
from transferapp.protocol.duplicates import AskedItem, DuplicatesRequest
from transferapp.protocol.health import ServerHealth
from transferapp.protocol.messages import (
    Accepted,
    Delivered,
    ExportRequest,
    GrantInfo,
    IdentityView,
    ImportRequest,
    NewContainer,
    NewTarget,
    Page,
    Report,
    Seal,
    ServerInfo,
    SignedIn,
    TransferList,
)

#: Seconds; the server sends a heartbeat every 10 s, so a stream silent for longer is dead.
STREAM_SILENCE_S = 25.0
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
#: What is done to thousands of items takes the server some milliseconds for each.
_TIMEOUT_OF_MANY = httpx.Timeout(600.0, connect=5.0)
#: Answers beyond this many bytes are parsed off the event loop.
_LARGE = 64 << 10

#: A newer server may tell more.
_KINDS = frozenset(str(kind) for kind in EventKind)

T = TypeVar("T")
_adapters: dict[Any, TypeAdapter[Any]] = {}


@dataclass(frozen=True, slots=True)
class ToldFormats:
    """What a server's repository reads, and the name of that answer."""

    formats: RepositoryFormats
    etag: str


class ServerClient(AsyncClosing):
    """A server, with a session or transfer token or none.

    Every method raises ServerUnreachable when nothing answers, GrantRefused when the token
    is no longer valid, and the errors that the server names. Close it with ``aclose`` or
    use it in ``async with``; it belongs to the event loop of its first call.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Make the client; nothing is opened before the first call. Raises SettingsInvalid."""
        self.base_url = check_address(base_url).rstrip("/")
        self.token = token
        with translated():
            self._http = httpx.AsyncClient(
                base_url=self.base_url,
                transport=transport,
                timeout=_TIMEOUT,
                verify=trust_for(self.base_url),
            )

    @override
    def __repr__(self) -> str:
        """Leave the token out."""
        return f"ServerClient({self.base_url!r})"

    @override
    async def aclose(self) -> None:
        await self._http.aclose()

    async def server_info(self) -> ServerInfo:
        """Say what answers there; needs no token."""
        return await self._call(ServerInfo, "GET", routes.SERVER)

    async def formats(self, etag: str = "") -> ToldFormats | None:
        """Say what the image repository reads; None when that is what ``etag`` names.

        Needs no token. Raises NotFound when the server is older than this question.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = await self._send("GET", routes.FORMATS, headers=headers)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return None
        with translated():
            formats = _adapter(RepositoryFormats).validate_json(response.content)
        return ToldFormats(formats, response.headers.get("etag", ""))

    async def health(self) -> ServerHealth:
        """Say how its parts are; needs no token. Raises Unavailable without its database."""
        return await self._call(ServerHealth, "GET", routes.HEALTH)

    async def sign_in(
        self, username: str, password: str, *, remember: bool = False
    ) -> SignedIn:
        """Open a session; this client uses its token from now on. Raises SignInFailed."""
        body = {"username": username, "password": password, "remember": remember}
        signed_in = await self._call(SignedIn, "POST", routes.SESSIONS, json=body)
        self.token = signed_in.token
        return signed_in

    async def identity(self) -> Identity:
        """Return the signed-in person, as the repository knows her now."""
        return (await self._call(IdentityView, "GET", routes.SESSION)).identity

    async def sign_out(self) -> None:
        """End the session on the server and forget the token."""
        await self._call(None, "DELETE", routes.SESSION)
        self.token = None

    async def grants(self) -> list[GrantInfo]:
        """List the person's grants, newest first."""
        return await self._call(list[GrantInfo], "GET", routes.GRANTS)

    async def revoke_grant(self, grant_id: str) -> None:
        """End a grant at once; raises NotFound."""
        await self._call(None, "DELETE", f"{routes.GRANTS}/{grant_id}")

    async def containers(
        self, parent: ContainerRef | None = None, *, kind: ContainerKind | None = None
    ) -> list[Container]:
        """List what is in a container, or (None) the tops."""
        params = _given(parent=parent, kind=kind)
        return await self._call(list[Container], "GET", routes.CONTAINERS, params=params)

    async def container(self, ref: ContainerRef) -> Container:
        """Return one container; raises TargetNotFound."""
        return await self._call(Container, "GET", f"{routes.CONTAINERS}/{ref}")

    async def create_container(
        self,
        kind: ContainerKind,
        name: str,
        *,
        parent: ContainerRef | None = None,
        group_id: int | None = None,
        description: str = "",
    ) -> Container:
        """Make a project, dataset or screen; raises PermissionDenied, Invalid."""
        new = NewContainer(
            kind=kind,
            name=name,
            parent=str(parent) if parent else None,
            group_id=group_id,
            description=description,
        )
        return await self._call(Container, "POST", routes.CONTAINERS, json=_body(new))

    async def delete_container(self, ref: ContainerRef) -> None:
        """Delete a container; the images in it stay."""
        await self._call(None, "DELETE", f"{routes.CONTAINERS}/{ref}")

    async def images(
        self,
        container: ContainerRef | None = None,
        *,
        text: str = "",
        after: str = "",
        limit: int = 100,
    ) -> Page[ImageSummary]:
        """List images in id order; ``after`` is the ``next`` of the page before."""
        params = _given(text=text, after=after, limit=limit) | _given(**{"in": container})
        return await self._call(Page[ImageSummary], "GET", routes.IMAGES, params=params)

    async def image(self, image_id: int) -> ImageDetails:
        """Return all of one image; raises ImageNotFound."""
        return await self._call(ImageDetails, "GET", f"{routes.IMAGES}/{image_id}")

    async def thumbnail(self, image_id: int, edge_px: int = 96) -> bytes:
        """Return a JPEG whose longer edge is ``edge_px``."""
        path = f"{routes.IMAGES}/{image_id}/thumbnail"
        return (await self._send("GET", path, params={"edge": edge_px})).content

    async def duplicates(self, items: Sequence[AskedItem]) -> list[HeldAlready]:
        """Say for each item which filesets already hold its files; a few hundred at once."""
        body = _body(DuplicatesRequest(items=list(items)))
        return await self._call(list[HeldAlready], "POST", routes.DUPLICATES, json=body)

    async def submit_import(
        self, request: ImportRequest, *, request_key: str | None = None
    ) -> Accepted:
        """Ask for an import; the same key gives the first answer again (a fresh grant)."""
        return await self._submit(routes.IMPORTS, request, request_key)

    async def submit_export(
        self, request: ExportRequest, *, request_key: str | None = None
    ) -> Accepted:
        """Ask for an export; the same key gives the first answer again (a fresh grant)."""
        return await self._submit(routes.EXPORTS, request, request_key)

    async def transfers(
        self, *, kind: TransferKind | None = None, after: str = "", limit: int = 50
    ) -> TransferList:
        """List the person's transfers, newest first."""
        params = _given(kind=kind, after=after, limit=limit)
        return await self._call(TransferList, "GET", routes.TRANSFERS, params=params)

    async def transfer(self, transfer_id: str, *, files: bool = False) -> TransferDetails:
        """Return a transfer with its items, and on wish its files."""
        params = {"files": "true" if files else "false"}
        path = f"{routes.TRANSFERS}/{transfer_id}"
        return await self._call(TransferDetails, "GET", path, params=params)

    async def cancel(self, transfer_id: str, item_id: str | None = None) -> TransferDetails:
        """Stop a transfer, or one item of it, for good."""
        return await self._act(transfer_id, item_id, "cancel")

    async def retry(self, transfer_id: str, item_id: str | None = None) -> TransferDetails:
        """Let the failed items of a transfer, or one of them, go on."""
        return await self._act(transfer_id, item_id, "retry")

    async def retarget(self, transfer_id: str, target: ContainerRef) -> TransferDetails:
        """Send what is not imported yet to another container of the same group; retry then."""
        path = f"{routes.TRANSFERS}/{transfer_id}/target"
        body = _body(NewTarget(target=str(target)))
        return await self._call(TransferDetails, "POST", path, json=body)

    async def renew_grant(self, transfer_id: str) -> str:
        """Return a fresh transfer token, for an agent whose token has run out."""
        path = f"{routes.TRANSFERS}/{transfer_id}/grant"
        return (await self._call(dict[str, str], "POST", path))["grant"]

    async def report(
        self, transfer_id: str, item_id: str, code: str, message: str
    ) -> TransferItem:
        """Tell of a problem with an item's files; an empty code clears it."""
        path = f"{routes.item(transfer_id, item_id)}/report"
        body = _body(Report(code=code, message=message))
        return await self._call(TransferItem, "POST", path, json=body)

    async def looked_at_source(self, transfer_id: str, look: SourceLook) -> Transfer:
        """Tell what was found at the source of an import; raises StateConflict."""
        body = TypeAdapter(SourceLook).dump_python(look, mode="json")
        return await self._call(Transfer, "POST", routes.source(transfer_id), json=body)

    async def seal(self, transfer_id: str, file_id: str, sha1: str) -> TransferItem:
        """Tell that all bytes of a file are there; may be repeated."""
        path = routes.file_seal(transfer_id, file_id)
        return await self._call(TransferItem, "POST", path, json=_body(Seal(sha1=sha1)))

    async def delivered(
        self, transfer_id: str, item_id: str, sha1_by_file: Mapping[str, str]
    ) -> TransferItem:
        """Tell that an item's files are in place; raises ChecksumMismatch."""
        path = f"{routes.item(transfer_id, item_id)}/delivered"
        body = _body(Delivered(sha1_by_file=dict(sha1_by_file)))
        return await self._call(TransferItem, "POST", path, json=body)

    async def events(
        self,
        after: int | None = None,
        *,
        on_open: Callable[[int], None] | None = None,
        on_missed: Callable[[], None] | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield events as they happen, those after id ``after`` first (None: only new ones).

        ``on_open`` is called when the stream begins, with the id that it goes on after,
        ``on_missed`` when ``after`` is so old that some events are not kept any more: read
        anew what you show. Kinds that this version does not know are passed over.
        Ends by raising ServerUnreachable; ``client.events.follow_events`` goes on instead.
        """
        headers = self._headers() | {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        timeout = httpx.Timeout(STREAM_SILENCE_S, connect=5.0)
        with translated(), _streaming():
            async with self._http.stream(
                "GET", routes.EVENTS, headers=headers, timeout=timeout
            ) as response:
                if not response.is_success:
                    await response.aread()
                raise_for_problem(response)
                async for sent in EventSource(response).aiter_sse():
                    # A heartbeat comes out as a message without data.
                    if sent.event == routes.EVENTS_READY and on_open is not None:
                        on_open(int(sent.id))
                    elif sent.event == routes.EVENTS_MISSED and on_missed is not None:
                        on_missed()
                    elif sent.event in _KINDS:
                        yield _adapter(Event).validate_json(sent.data)
        raise ServerUnreachable("The server closed the stream of events.")

    async def _submit(
        self, path: str, request: ImportRequest | ExportRequest, request_key: str | None
    ) -> Accepted:
        # A server that does not know attachments yet takes every import without them.
        given = isinstance(request, ImportRequest) and request.attachments
        left_out = None if given else {"attachments"}
        content = await asyncio.to_thread(partial(request.model_dump_json, exclude=left_out))
        headers = {
            routes.IDEMPOTENCY_KEY: request_key or uuid4().hex,
            "Content-Type": "application/json",
        }
        return await self._call(Accepted, "POST", path, content=content, headers=headers)

    async def _act(self, transfer_id: str, item_id: str | None, action: str) -> TransferDetails:
        base = f"{routes.TRANSFERS}/{transfer_id}"
        path = routes.item(transfer_id, item_id) if item_id else base
        action_path = f"{path}/{action}"
        return await self._call(TransferDetails, "POST", action_path, timeout=_TIMEOUT_OF_MANY)

    async def _call(self, shape: type[T] | None, method: str, path: str, **sent: Any) -> T:
        response = await self._send(method, path, **sent)
        if shape is None:
            return None  # type: ignore[return-value]  # callers of this kind return nothing
        parse: Callable[[bytes], T] = _adapter(shape).validate_json
        with translated():
            if len(response.content) > _LARGE:
                return await asyncio.to_thread(parse, response.content)
            return parse(response.content)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        with translated():
            response = await self._http.request(
                method, path, headers=self._headers() | dict(headers or {}), **sent
            )
        return raise_for_problem(response)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def _adapter(shape: type[T]) -> TypeAdapter[T]:
    """Return the parser of a shape, built once."""
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    return _adapters[shape]


def _given(**params: object) -> dict[str, str]:
    """Return the parameters that have a value, as text."""
    return {name: str(value) for name, value in params.items() if value not in {None, ""}}


def _body(message: BaseModel) -> Any:
    return message.model_dump(mode="json")


@contextmanager
def _streaming() -> Iterator[None]:
    """Turn an answer that is no stream of events into ServerUnreachable."""
    try:
        yield
    except SSEError as error:
        raise ServerUnreachable(
            "Something between here and the server does not let events through."
        ) from error
