"""Receipts as files on this computer, whose signatures are good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferapp.client.receipt_saving import read_content
from transferapp.errors import DamagedReceipt, Invalid
from transferapp.receipts.document import Receipt
from transferapp.receipts.known_keys import KnownKey
from transferapp.receipts.signing import verify


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


def read_receipt(path: Path, keys: Sequence[KnownKey]) -> ReceiptOnDisk:
    """Read a receipt and check its signature, offline; blocking.

    Raises DamagedReceipt, ReceiptKeyUnknown, Invalid when the file cannot be read.
    """
    content = read_content(path)
    signed = verify(content, [known.key for known in keys])
    key = next(known for known in keys if known.id == signed.key_id)
    return ReceiptOnDisk(path, content, signed.receipt, key)


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
