"""Fetch one file by ranges, resuming, and give it its name only once it is verified.

Blocks: call it in a thread.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path, PurePath

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
)

from transferapp import errors
from transferapp.client.names import part_name
from transferapp.client.pace import RateLimit, keep_pace
from transferapp.client.partial_file import (
    PartialFile,
    destination_errors,
    finalize,
    name_taken,
)
from transferapp.client.problems import raise_for_problem, translated
from transferapp.client.transport import TIMEOUT
from transferapp.host.backoff import Backoff
from transferapp.host.folders import OpenFolder

#: Called with the bytes of the file that have arrived, once per socket read.
DownloadListener = Callable[[int], None]

#: Between two tries.
_PAUSES = Backoff(0.2, 5.0)
#: Broken connections in a row, without a byte gained, before the owner's back-off decides.
_ATTEMPTS = 4
#: Bytes of a path that the system takes, its end included.
_PATH_BYTES = 1024 if sys.platform == "darwin" else 4096


@dataclass(frozen=True, slots=True)
class DownloadOrder:
    """Which file goes where: to ``inside`` below the folder that ``open_folder`` opens.

    It raises our errors. Missing folders on the way are made; ``inside`` comes from
    ``names.local_path``.
    """

    #: Its address on the server, from the root on.
    address: str
    #: Tells it from others of the same name.
    file_id: str
    open_folder: Callable[[], OpenFolder] = field(repr=False)
    inside: PurePath
    size_bytes: int
    #: What the repository says the bytes hash to, in hex; empty where it does not say.
    sha1: str
    #: The token: of a transfer's grant, or of a session.
    grant: str = field(repr=False)
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    limit: RateLimit | None = None


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A verified, durable file."""

    path: Path
    sha1: str
    size_bytes: int


def download_file(
    client: httpx.Client, order: DownloadOrder, listener: DownloadListener
) -> DownloadedFile:
    """Bring a file into place; one that is already there with this content is kept.

    Raises StorageFull, DestinationUnwritable, NameNotAllowed (the destination's disk, or
    another file has the name); ChecksumMismatch after deleting what came; Cancelled;
    ServerUnreachable and every other error of the server.
    """
    name, part = order.inside.name, part_name(order.inside.name, order.file_id)
    with ExitStack() as stack:
        top = stack.enter_context(order.open_folder())
        with destination_errors(top.path / order.inside):
            _must_be_short(top.path / order.inside.parent / part)
            folder = stack.enter_context(top.below(order.inside.parent.parts))
            sha1 = _sha1_of_present(folder, order)
        if sha1 is None:
            with PartialFile(folder, part, order.size_bytes) as partial:
                _Download(client, order, partial, listener).run()
                partial.verify(order.sha1)
                sha1 = partial.sha1
            finalize(folder, part, name)
        else:
            # A crash may have left its part beside it, a second name of the same file.
            folder.remove(part)
    listener(order.size_bytes)
    return DownloadedFile(top.path / order.inside, sha1, order.size_bytes)


def _sha1_of_present(folder: OpenFolder, order: DownloadOrder) -> str | None:
    """Return the SHA-1 of the file where it is in place already; raises NameNotAllowed."""
    name = order.inside.name
    sha1 = folder.sha1(name, order.size_bytes)
    if sha1 is not None and order.sha1 in ("", sha1):
        return sha1
    if folder.check(name) is not None:
        raise name_taken(folder, name)
    return None


def _must_be_short(path: Path) -> None:
    """Raise OSError for what other programs could not open by its path."""
    if len(os.fsencode(path)) >= _PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))


class _Download:
    """The requests of one download."""

    def __init__(
        self,
        client: httpx.Client,
        order: DownloadOrder,
        partial: PartialFile,
        listener: DownloadListener,
    ) -> None:
        self._client = client
        self._order = order
        self._partial = partial
        self._listener = listener
        self._best = partial.offset
        self._in_vain = 0

    def run(self) -> None:
        """Fetch until every byte is here; a broken connection goes on where it ended."""
        if self._partial.offset > self._order.size_bytes:
            self._partial.restart()
        attempts = Retrying(
            retry=retry_if_exception_type(errors.ServerUnreachable),
            stop=self._gives_up,
            wait=_PAUSES.wait,
            sleep=sleep_using_event(self._order.cancelled),
            reraise=True,
        )
        for attempt in attempts:
            with attempt:
                keep_pace(0, self._order.cancelled, None)
                if self._partial.offset < self._order.size_bytes:
                    self._fetch()

    def _gives_up(self, _state: RetryCallState) -> bool:
        gained = self._partial.offset > self._best
        self._best = max(self._best, self._partial.offset)
        self._in_vain = 0 if gained else self._in_vain + 1
        return self._in_vain >= _ATTEMPTS

    def _fetch(self) -> None:
        """Fetch from the present offset to the end; raises ServerUnreachable before it."""
        headers = {
            "authorization": f"Bearer {self._order.grant}",
            "accept-encoding": "identity",
        }
        if self._partial.offset:
            headers["range"] = f"bytes={self._partial.offset}-"
            # The server's tag is the file's id where no SHA-1 is known.
            headers["if-range"] = f'"{self._order.sha1 or self._order.file_id}"'
        with (
            translated(),
            self._client.stream(
                "GET", self._order.address, headers=headers, timeout=TIMEOUT
            ) as response,
        ):
            self._begin(raise_for_problem(response))
            for piece in response.iter_raw():
                keep_pace(len(piece), self._order.cancelled, self._order.limit)
                self._partial.write(piece)
                self._listener(self._partial.offset)
        if self._partial.offset < self._order.size_bytes:
            raise errors.ServerUnreachable

    def _begin(self, response: httpx.Response) -> None:
        """Make sure that the bytes that follow belong where the part ends."""
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            start = response.headers.get("content-range", "").partition("-")[0]
            if start != f"bytes {self._partial.offset}":
                raise errors.ServerUnreachable("The server sent another range than asked for.")
        elif self._partial.offset:
            self._partial.restart()
