"""A thin tus 1.0 server for files on their way, as a raw ASGI application.

Raw, because a body must go from the socket to the disk without a copy or a thread hop per
piece. The gate decides before a byte of a body is read; staging holds the truth.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from transferapp import errors
from transferapp.protocol import routes
from transferapp.protocol.queries import check_query
from transferapp.server import tus_headers as tus
from transferapp.server.upload_authorization_port import UploadAuthorization
from transferapp.server.upload_body import BodyEnded, receive_part
from transferapp.staging.checksums import ALGORITHMS
from transferapp.staging.port import Checksum, StagedFile, Staging


class TusApp:
    """Creation, HEAD, PATCH and DELETE of uploads; see ``tus_routes``."""

    def __init__(self, staging: Staging, authorization: UploadAuthorization) -> None:
        """Serve what ``gate`` permits out of ``staging``."""
        self._staging = staging
        self._authorization = authorization
        #: The body being received for a file; the newest request ends an older one.
        self._bodies: dict[str, _Body] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        try:
            response = await self._answer(scope, headers, receive)
        except BodyEnded:
            return
        except (errors.TransferAppError, tus.Refusal) as error:
            response = tus.problem_answer(error, headers)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive) -> Response:
        check_query(QueryParams(scope["query_string"]).multi_items(), {})
        method = headers.get("x-http-method-override", scope["method"]).upper()
        if method == "OPTIONS":
            return _abilities()
        tus.must_speak_tus(headers)
        base, found, rest = scope["path"].rpartition(routes.UPLOADS)
        file_id = rest.strip("/")
        match method:
            case "POST" if not file_id:
                return await self._create(f"{base}{found}", headers, receive)
            case "HEAD" if file_id:
                return await self._head(file_id, headers)
            case "PATCH" if file_id:
                return await self._patch(file_id, headers, receive)
            case "DELETE" if file_id:
                return await self._delete(file_id, headers)
        raise tus.Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not possible here.")

    async def _create(self, base: str, headers: Headers, receive: Receive) -> Response:
        size = tus.needed_number(headers, "upload-length")
        wanted = tus.metadata(headers)
        if not wanted.get("transfer") or not wanted.get("file"):
            raise tus.Refusal(
                HTTPStatus.BAD_REQUEST, "Upload-Metadata must name the transfer and the file."
            )
        file_id = await self._authorization.authorize(
            headers.get("authorization", ""), wanted["file"], wanted["transfer"], size
        )
        await self._end_running(file_id)
        staged = await self._authorization.begin(file_id, size)
        offset = staged.offset
        # A body belongs to the start; a file that is further on keeps what it has.
        if headers.get("content-type") == tus.BODY_TYPE and offset == 0 < size:
            offset = await self._receive(staged, offset, headers, receive)
        return tus.answer(
            HTTPStatus.CREATED, location=f"{base}/{file_id}", upload_offset=offset
        )

    async def _head(self, file_id: str, headers: Headers) -> Response:
        file_id = await self._authorize(file_id, headers)
        # The asker wants to go on from here, so nothing may move the offset any more.
        await self._end_running(file_id)
        staged = await self._staging.get(file_id)
        return tus.answer(
            HTTPStatus.OK, upload_offset=staged.offset, upload_length=staged.size_bytes
        )

    async def _patch(self, file_id: str, headers: Headers, receive: Receive) -> Response:
        tus.must_carry_part(headers)
        offset = tus.needed_number(headers, "upload-offset")
        file_id = await self._authorize(file_id, headers)
        staged = await self._staging.get(file_id)
        offset = await self._receive(staged, offset, headers, receive)
        return tus.answer(HTTPStatus.NO_CONTENT, upload_offset=offset)

    async def _delete(self, file_id: str, headers: Headers) -> Response:
        file_id = await self._authorize(file_id, headers)
        await self._end_running(file_id)
        await self._authorization.discard(file_id)
        return tus.answer(HTTPStatus.NO_CONTENT)

    async def _authorize(self, file_id: str, headers: Headers) -> str:
        token = headers.get("authorization", "")
        return await self._authorization.authorize(token, file_id, None, None)

    async def _receive(
        self, staged: StagedFile, offset: int, headers: Headers, receive: Receive
    ) -> int:
        """Take one body in and return the new offset; a newer request ends it."""
        checksum = tus.checksum(headers)
        if offset == staged.offset:
            tus.must_fit(headers, staged.size_bytes - offset)
            if offset == staged.size_bytes:
                return offset
        await self._end_running(staged.id)
        body = self._bodies[staged.id] = _Body(staged.id, offset, checksum)
        body.task = asyncio.create_task(self._take(body, receive))
        try:
            return await body.task
        except asyncio.CancelledError:
            this = asyncio.current_task()
            if this is not None and this.cancelling():
                raise
            raise errors.OffsetMismatch("Another connection continues this upload.") from None
        finally:
            if self._bodies.get(staged.id) is body:
                del self._bodies[staged.id]

    async def _take(self, body: _Body, receive: Receive) -> int:
        async def committed(offset: int) -> None:
            await self._authorization.part_arrived(body.file_id, offset)

        checked = body.checksum is not None
        writer = await self._staging.open_part(body.file_id, body.offset, body.checksum)
        arrived = body.offset
        try:
            arrived = await receive_part(receive, writer, committed, checked=checked)
        finally:
            body.stoppable = False
            await writer.abandon(keep=True)
            if arrived == body.offset and not checked:
                with suppress(errors.NoSuchFile):
                    arrived = (await self._staging.get(body.file_id)).offset
            if arrived > body.offset:
                await committed(arrived)
        return arrived

    async def _end_running(self, file_id: str) -> None:
        """Stop the body that is being received for this file, and keep what it brought."""
        while (body := self._bodies.get(file_id)) is not None:
            await body.stop()
            if self._bodies.get(file_id) is body:
                del self._bodies[file_id]


class _Body:
    """A part whose bytes are being received."""

    def __init__(self, file_id: str, offset: int, checksum: Checksum | None) -> None:
        self.file_id = file_id
        self.offset = offset
        self.checksum = checksum
        self.task: asyncio.Task[int] | None = None
        #: False once it is ending by itself: a cancel would only hide what it keeps.
        self.stoppable = True

    async def stop(self) -> None:
        """End it, and return when it has ended."""
        if self.task is None:
            return
        if self.stoppable:
            self.stoppable = False
            self.task.cancel()
        await asyncio.wait({self.task})


def tus_routes(app: TusApp) -> list[BaseRoute]:
    """Return the routes to add to an application; a Mount would redirect the bare path."""
    return [Route(routes.UPLOADS, app), Route(f"{routes.UPLOADS}/{{file_id}}", app)]


def _abilities() -> Response:
    return tus.answer(
        HTTPStatus.NO_CONTENT,
        tus_version=tus.VERSION,
        tus_extension=tus.EXTENSIONS,
        tus_checksum_algorithm=",".join(ALGORITHMS),
    )
