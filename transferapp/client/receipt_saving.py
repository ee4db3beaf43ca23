"""Receipts as files on this computer, whatever is in them: their names, reading, saving."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from transferapp.errors import Invalid, NameTaken
from transferapp.receipts.document import LARGEST


def receipt_name(transfer_id: str) -> str:
    """Return the name of a receipt's file."""
    return f"receipt-{transfer_id}.jws"


def read_content(path: Path) -> bytes:
    """Return a receipt's bytes, whatever they are; raises Invalid when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Invalid(f"'{path}' cannot be read ({error.strerror}).") from error


def save_receipt(path: Path, content: bytes, *, replace: bool = False) -> Path:
    """Write a receipt to where a person wants it, durably and in one step; blocking.

    Raises NameTaken for a file that is another one and not to be replaced, Invalid when it
    cannot be written.
    """
    if path.exists() and not replace:
        if read_content(path) != content:
            raise NameTaken(f"'{path}' is there, and is another receipt or file.")
        return path.resolve()
    own = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with own.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        own.replace(path)
    except OSError as error:
        with suppress(OSError):
            own.unlink()
        raise Invalid(f"'{path}' cannot be written ({error.strerror}).") from error
    return path.resolve()
