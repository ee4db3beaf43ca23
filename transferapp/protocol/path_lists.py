"""Where original files lie for those who mount the repository's storage: a line each."""

from __future__ import annotations

from transferapp.protocol.messages import Message
from transferapp.protocol.numbers import Number
from transferapp.protocol.problems import Problem

PATHS_TYPE = "application/x-ndjson"


class PathRow(Message):
    """An original file of the images that were asked for."""

    #: As the site's mount shows it; empty: it is not there, and ``reason`` says why.
    path: str = ""
    reason: str = ""
    size_bytes: Number
    #: Empty where the repository keeps another kind of checksum.
    sha1: str = ""
    #: As it was imported.
    client_path: str
    #: Those that were asked for and are made of it.
    image_ids: list[Number]


class PathLine(Message):
    """A line of the answer: a file, or the end.

    An answer that does not end with ``ended`` or a problem was cut off.
    """

    file: PathRow | None = None
    ended: bool = False
    problem: Problem | None = None
