"""Receipts as files on this computer: their names, reading them, and the keys known here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferapp.errors import DamagedReceipt, Invalid, NameTaken
from transferapp.receipts.document import Receipt
from transferapp.receipts.known_keys import KnownKey
from transferapp.receipts.signing import LARGEST, verify


@dataclass(frozen=True, slots=True)
class ReceiptOnDisk:
    """A receipt whose signature is good: where it lies, its bytes, and whose key signed it."""

    path: Path
    content: bytes
    receipt: Receipt
    key: KnownKey


@dataclass(frozen=True, slots=True)
class RefusedReceipt:
    """A file that is no receipt to rely on, and why in a sentence."""

    path: Path
    sentence: str


def receipt_name(transfer_id: str) -> str:
    """Return the name of a receipt's file."""
    return f"receipt-{transfer_id}.jws"


def read_receipt(path: Path, keys: Sequence[KnownKey]) -> ReceiptOnDisk:
    """Read a receipt and check its signature, offline; blocking.

    Raises DamagedReceipt, ReceiptKeyUnknown, Invalid when the file cannot be read.
    """
    content = read_content(path)
    signed = verify(content, [known.key for known in keys])
    key = next(known for known in keys if known.id == signed.key_id)
    return ReceiptOnDisk(path, content, signed.receipt, key)


def read_content(path: Path) -> bytes:
    """Return a receipt's bytes, whatever they are; raises Invalid when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Invalid(f"'{path}' cannot be read ({error.strerror}).") from error


def save_receipt(path: Path, content: bytes) -> Path:
    """Write a receipt to where a person wants it, durably; blocking.

    Raises NameTaken for a file that is another one, Invalid when it cannot be written.
    """
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        if read_content(path) != content:
            raise NameTaken(
                f"'{path}' is there, and another receipt or file. Name another with --to."
            ) from None
    except OSError as error:
        raise Invalid(f"'{path}' cannot be written ({error.strerror}).") from error
    return path.resolve()


def read_receipts(
    folders: Iterable[Path], keys: Sequence[KnownKey]
) -> tuple[list[ReceiptOnDisk], list[RefusedReceipt]]:
    """Read all receipts in folders, and say of which files they are not to be relied on.

    Of several receipts of one transfer each counts: a later one states more. Blocking.
    """
    found: list[ReceiptOnDisk] = []
    refused: list[RefusedReceipt] = []
    for path in sorted(path for folder in folders for path in folder.glob("*.jws")):
        try:
            found.append(read_receipt(path, keys))
        except (DamagedReceipt, Invalid) as error:
            refused.append(RefusedReceipt(path, error.message))
    return found, refused
