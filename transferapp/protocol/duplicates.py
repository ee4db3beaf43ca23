"""Questions for what the repository already holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from transferapp.protocol.messages import ClientPath, Message, Sha1
from transferapp.protocol.numbers import Number

#: Of one question: some files of each item are enough to recognise it.
MAX_ITEMS_ASKED = 500
MAX_FILES_ASKED = 20
#: Ends are read from the repository while the asker waits.
MAX_ENDS_ASKED = 100


class AskedFile(Message):
    """A file that may be in the repository already; ``sha1`` where it is known.

    ``ends``: the SHA-1 of the first and the last MiB, one after the other; of a file of up
    to 2 MiB the SHA-1 of all of it. With neither only path and size are compared.
    """

    client_path: ClientPath
    size_bytes: Number
    sha1: Sha1 | Literal[""] = ""
    ends: Sha1 | Literal[""] = ""


class AskedItem(Message):
    """Files of one fileset by which it can be recognised."""

    files: list[AskedFile] = Field(min_length=1, max_length=MAX_FILES_ASKED)


def _readable(items: list[AskedItem]) -> list[AskedItem]:
    if sum(bool(file.ends) for item in items for file in item.files) > MAX_ENDS_ASKED:
        raise ValueError(f"the ends of at most {MAX_ENDS_ASKED} files are compared at once")
    return items


class DuplicatesRequest(Message):
    """Ask which filesets the repository already holds; the answer keeps the order."""

    items: Annotated[list[AskedItem], AfterValidator(_readable)] = Field(
        max_length=MAX_ITEMS_ASKED
    )
