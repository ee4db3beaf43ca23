"""Shapes of receipts: what a workstation says of a source, and how a check goes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from transferapp.protocol.messages import Message
from transferapp.protocol.problems import Problem

#: A signed receipt (RFC 7515), and the lines of a check.
RECEIPT_TYPE = "application/jose"
CHECK_TYPE = "application/x-ndjson"
Place = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class StatedOrigin(Message):
    """Where the files of an import lay: the workstation's name, full paths of what was
    dropped.
    """

    workstation: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    folders: Annotated[tuple[Place, ...], Field(max_length=1000)] = ()


class Holding(StrEnum):
    """What the repository has of a file of a receipt."""

    #: The same bytes, as far as it was asked: by its own records, or by reading them.
    HELD = "held"
    #: Other bytes.
    DIFFERS = "differs"
    #: Nothing that this person may see.
    GONE = "gone"
    #: It cannot be said without reading the bytes.
    UNKNOWN = "unknown"


class FileHolding(Message):
    """What came of one file; ``sentence`` says of any but a held one why."""

    item_id: str
    path: str
    holding: Holding
    sentence: str = ""


class CheckLine(Message):
    """A line of a check: a file, a sign of life, or the end.

    A check that does not end with ``ended`` or a problem was cut off.
    """

    file: FileHolding | None = None
    #: Bytes read so far, in all; only of a deep check.
    bytes_read: int = 0
    problem: Problem | None = None
    ended: bool = False
