"""Questions for what the repository already holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transferapp.protocol.messages import ClientPath, Message, Sha1
from transferapp.protocol.numbers import Number

#: Of one question: some files of each item are enough to recognise it.
MAX_ITEMS_ASKED = 500
MAX_FILES_ASKED = 20


class AskedFile(Message):
    """A file that may be in the repository already; ``sha1`` where it is known."""

    client_path: ClientPath
    size_bytes: Number
    sha1: Sha1 | Literal[""] = ""


class AskedItem(Message):
    """Files of one fileset by which it can be recognised."""

    files: list[AskedFile] = Field(min_length=1, max_length=MAX_FILES_ASKED)


class DuplicatesRequest(Message):
    """Ask which filesets the repository already holds; the answer keeps the order."""

    items: list[AskedItem] = Field(max_length=MAX_ITEMS_ASKED)
