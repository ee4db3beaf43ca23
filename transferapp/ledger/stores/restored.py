"""What an archive says of the images of an item: apart from the items, which lists read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from transferapp.ledger.port import PlannedItem
from transferapp.ledger.stores.schema import restored
from transferapp.model.restoring import RestoredItem


class _Document(BaseModel):
    """The JSON of it: bits of masks are base64."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    item: RestoredItem


def restored_rows(
    planned: Sequence[PlannedItem], items: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows of those items of which anything is said."""
    return [
        {
            "item_id": row["id"],
            "transfer_id": row["transfer_id"],
            "document": _Document(item=one.restored).model_dump_json(exclude_defaults=True),
        }
        for one, row in zip(planned, items, strict=True)
        if one.restored is not None
    ]


def restored_of(connection: sa.Connection, item_id: str) -> RestoredItem | None:
    """Return what is said of an item's images."""
    query = sa.select(restored.c.document).where(restored.c.item_id == item_id)
    document = connection.scalar(query)
    return None if document is None else _Document.model_validate_json(document).item
