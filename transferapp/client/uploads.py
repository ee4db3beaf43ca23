"""Send one file in parts over tus 1.0, resuming where the server's bytes end.

Blocks: call it in a thread. An async client costs twice the processor time per request.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
)

from transferapp import errors
from transferapp.client.hashing import Part, PartReader
from transferapp.client.pace import RateLimit, keep_pace
from transferapp.client.problems import raise_for_problem, translated
from transferapp.client.source import SourceFile
from transferapp.client.transport import TIMEOUT
from transferapp.host.backoff import Backoff
from transferapp.protocol import routes

#: Called with the bytes of the file that have been sent, once per MiB at most; a part that
#: must be sent again takes it back. The server's own word is what is durable.
UploadListener = Callable[[int], None]

#: Between two tries.
_PAUSES = Backoff(0.2, 5.0)
#: Tries of one part before the whole upload is given back to its owner's back-off.
_ATTEMPTS = 4
_PASSING = (
    errors.ServerUnreachable,
    errors.ChecksumMismatch,
    errors.OffsetMismatch,
    errors.Busy,
)


@dataclass(frozen=True, slots=True)
class UploadOrder:
    """Which file goes where. ``size_bytes`` and ``modified_ns`` are the submission's."""

    transfer_id: str
    file_id: str
    path: Path
    size_bytes: int
    modified_ns: int
    #: The transfer's grant token.
    grant: str = field(repr=False)
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    limit: RateLimit | None = None
    part_size: int = routes.PART_SIZE


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """Every byte is durable on the server; seal it with this ``sha1`` (hex)."""

    sha1: str
    size_bytes: int
    #: Of the file that was read.
    inode: int = 0


def upload_file(
    client: httpx.Client, order: UploadOrder, listener: UploadListener
) -> UploadedFile:
    """Send what the server does not have yet, and hash all of it.

    Raises VanishedFile, UnreadableFile, ChangedFile; Cancelled; ServerUnreachable,
    StorageFull and every other error of the server.
    """
    source = SourceFile(order.path, order.size_bytes, order.modified_ns)
    with source, PartReader(source, order.part_size) as reader:
        upload = _Upload(client, order, listener)
        start = upload.create()
        listener(start)
        for part in reader.parts(start):
            keep_pace(0, order.cancelled, None)
            if part.offset >= start:
                upload.send(part)
        source.check_end()
        return UploadedFile(reader.sha1(), order.size_bytes, source.inode)


class _Upload:
    """The requests of one upload."""

    def __init__(
        self, client: httpx.Client, order: UploadOrder, listener: UploadListener
    ) -> None:
        self._client = client
        self._order = order
        self._listener = listener
        self._url = f"{routes.UPLOADS}/{order.file_id}"
        self._headers = {
            "authorization": f"Bearer {order.grant}",
            "tus-resumable": "1.0.0",
        }

    def create(self) -> int:
        """Make or find the upload and return the server's offset in bytes."""
        names = {"transfer": self._order.transfer_id, "file": self._order.file_id}
        pairs = [f"{name} {_base64(value.encode())}" for name, value in names.items()]
        headers = {
            "upload-length": str(self._order.size_bytes),
            "upload-metadata": ",".join(pairs),
        }
        return self._offset(self._request("POST", routes.UPLOADS, headers))

    def send(self, part: Part) -> None:
        """Send a part until the server has it; what passes by itself is tried again."""
        attempts = Retrying(
            retry=retry_if_exception_type(_PASSING),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_PAUSES.wait,
            sleep=sleep_using_event(self._order.cancelled),
            reraise=True,
        )
        for attempt in attempts:
            with attempt:
                again = attempt.retry_state.attempt_number > 1
                if not (again and self._has_arrived(part)):
                    self._patch(part)
        self._listener(part.end)

    def _patch(self, part: Part) -> None:
        headers = {
            "content-type": "application/offset+octet-stream",
            "content-length": str(part.length),
            "upload-offset": str(part.offset),
            "upload-checksum": f"{routes.CHECKSUM_ALGORITHM} {_base64(part.blake3)}",
        }
        response = self._request("PATCH", self._url, headers, self._paced(part))
        if self._offset(response) != part.end:
            raise errors.OffsetMismatch

    def _has_arrived(self, part: Part) -> bool:
        """After a lost answer: ask the server whether it has the part."""
        keep_pace(0, self._order.cancelled, None)
        offset = self._offset(self._request("HEAD", self._url, {}))
        if offset not in (part.offset, part.end):
            raise errors.Unavailable(
                "Another connection has moved this upload. It is taken up again."
            )
        return offset == part.end

    def _paced(self, part: Part) -> Iterator[bytes]:
        sent = part.offset
        for piece in part.pieces:
            keep_pace(len(piece), self._order.cancelled, self._order.limit)
            yield piece
            sent += len(piece)
            self._listener(sent)

    def _request(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        content: Iterator[bytes] | None = None,
    ) -> httpx.Response:
        with translated():
            response = self._client.request(
                method, url, headers=self._headers | headers, content=content, timeout=TIMEOUT
            )
        return raise_for_problem(response)

    def _offset(self, response: httpx.Response) -> int:
        text = response.headers.get("upload-offset", "")
        if not (text.isascii() and text.isdigit()):
            raise errors.ServerUnreachable(
                "Something other than TransferApp answers uploads at this address."
            )
        return int(text)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
