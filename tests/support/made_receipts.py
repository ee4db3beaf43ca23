"""Receipts that are made, not asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support.receipt_files import sha1_of
from transferapp.receipts.document import Receipt, ReceiptFile, ReceiptItem

AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def made_receipt(contents: Mapping[str, bytes], **changes: Any) -> Receipt:
    """Return a receipt of one item of these files, but for what a test says."""
    files = tuple(
        ReceiptFile(path=path, size_bytes=len(content), sha1=sha1_of(content))
        for path, content in contents.items()
    )
    item = ReceiptItem(
        id="i", name="n", role="fileset", verified_at=AT, verified_by="1.2.3", files=files
    )
    stated = {
        "transfer_id": "1" * 32,
        "kind": "import",
        "name": "day 3",
        "repository": "local",
        "owner": "ada",
        "target": "Dataset:5",
        "target_name": "Kidney",
        "asked_at": AT,
        "items": (item,),
    }
    return Receipt.model_validate({**stated, **changes})
