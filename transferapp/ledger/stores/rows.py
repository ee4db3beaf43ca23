"""Rows of the ledger's tables as nouns, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from pydantic import TypeAdapter

from transferapp.ledger.stores.tally import Tally
from transferapp.model.containers import ContainerRef
from transferapp.model.drops import LeftOut, LeftOutReason, SourceScan
from transferapp.model.events import Event, EventKind
from transferapp.model.export_places import ItemPlace
from transferapp.model.export_specs import spec_of
from transferapp.model.image_annotations import ImageAnnotations
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.promises import ImportFacts, Promises, TransferFacts, promised
from transferapp.model.skips import Skip
from transferapp.model.transfers import (
    ItemProblem,
    ItemRole,
    ItemState,
    Transfer,
    TransferFile,
    TransferItem,
    TransferKind,
)

_PLACE = TypeAdapter(ItemPlace)
#: A row by column name, as read or as it is about to be written.
Row = Mapping[str, Any]


def fetch(connection: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    """Run a query and return its rows by column name."""
    return cast("list[Row]", connection.execute(query).mappings().all())


def fetch_one(connection: sa.Connection, query: sa.Select[Any]) -> Row | None:
    """Run a query for at most one row."""
    return cast("Row | None", connection.execute(query).mappings().one_or_none())


def tally_of(row: Row) -> Tally:
    """Return a transfer row's counters."""
    return Tally(
        {ItemState(state): count for state, count in row["states"].items()},
        row["settled"],
        row["verified"],
        row["files_verified"],
        row["file_count"],
        row["size_bytes"],
        row["bytes_done"],
        row["to_attach"],
        row["attached"],
    )


def tally_values(tally: Tally) -> dict[str, Any]:
    """Return the columns that hold a transfer's counters."""
    return {
        "states": {str(state): count for state, count in tally.states.items()},
        "settled": tally.settled,
        "verified": tally.verified,
        "files_verified": tally.files_verified,
        "file_count": tally.file_count,
        "size_bytes": tally.size_bytes,
        "bytes_done": tally.bytes_done,
        "to_attach": tally.to_attach,
        "attached": tally.attached,
    }


def transfer_of(row: Row) -> Transfer:
    """Return a transfer."""
    tally = tally_of(row)
    kind = TransferKind(row["kind"])
    scan = scan_of(row["look"])
    return Transfer(
        id=row["id"],
        kind=kind,
        name=row["name"],
        owner=row["owner"],
        state=ItemState(row["state"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        item_count=tally.item_count,
        items_done=tally.done,
        items_in_trouble=tally.with_problem,
        file_count=tally.file_count,
        size_bytes=tally.size_bytes,
        bytes_done=tally.bytes_done,
        promises=promises_of(tally, kind, row["left_out_files"], scan),
        target=ContainerRef.parse(row["target"]) if row["target"] else None,
        target_name=row["target_name"],
        group_id=row["group_id"],
        trouble=problem_of(row["trouble"]),
        files_verified=tally.files_verified,
        to_attach=tally.to_attach,
        attached=tally.attached,
        left_out_files=row["left_out_files"],
        left_out_names=tuple(row["left_out_names"] or ()),
        look=scan,
        asked_by=row["asked_by"],
        skip=frozenset(map(Skip, row["skip"] or ())),
        form=str(spec_of(row["export"]).form) if kind is TransferKind.EXPORT else "",
        brought_to=row["brought_to"],
    )


def promises_of(
    tally: Tally, kind: TransferKind, left_out_files: int | None, scan: SourceScan | None
) -> Promises:
    """Return what the server can vouch for; the agent knows more about logging off."""
    source = ImportFacts(
        tally.item_count, tally.verified, tally.files_verified, left_out_files, scan
    )
    return promised(
        TransferFacts(
            in_outbox=False,
            ended=tally.ended,
            arrived=tally.settled == tally.item_count,
            source=source if kind is TransferKind.IMPORT else None,
        )
    )


def scan_of(value: dict[str, Any] | None) -> SourceScan | None:
    """Return the look at a source of a JSON column."""
    if value is None:
        return None
    scanned_at = datetime.fromisoformat(value["looked_at"])
    return SourceScan(**{**value, "looked_at": scanned_at, "names": tuple(value["names"])})


def scan_value(scan: SourceScan) -> dict[str, Any]:
    """Return the JSON of a look at a source."""
    return {**asdict(scan), "looked_at": scan.looked_at.isoformat(), "names": list(scan.names)}


def left_out_of(row: Row) -> LeftOut:
    """Return something that was left out."""
    return LeftOut(
        row["client_path"],
        LeftOutReason(row["reason"]),
        row["code"],
        row["sentence"],
        row["file_count"],
    )


def item_of(row: Row) -> TransferItem:
    """Return an item."""
    return TransferItem(
        id=row["id"],
        transfer_id=row["transfer_id"],
        name=row["name"],
        state=ItemState(row["state"]),
        file_count=row["file_count"],
        size_bytes=row["size_bytes"],
        bytes_done=row["bytes_done"],
        updated_at=row["updated_at"],
        note=row["note"],
        trouble=problem_of(row["trouble"]),
        image_ids=tuple(row["image_ids"]),
        received=row["file_count"] > 0 and row["files_sealed"] >= row["file_count"],
        verified=row["verified"],
        role=ItemRole(row["role"]),
        done_at=row["done_at"],
        done_by=row["done_by"],
        fileset_id=row["fileset_id"],
    )


def place_of(row: Row) -> ItemPlace:
    """Return where an item goes, of a row that says so."""
    return replace(_PLACE.validate_python(row["place"]), item_id=row["id"])


def place_value(place: ItemPlace | None) -> dict[str, Any] | None:
    """Return the JSON of a place."""
    if place is None:
        return None
    return cast("dict[str, Any]", _PLACE.dump_python(place, mode="json", exclude_defaults=True))


def file_of(row: Row) -> TransferFile:
    """Return a file."""
    return TransferFile(
        row["id"],
        row["item_id"],
        row["client_path"],
        row["size_bytes"],
        row["bytes_done"],
        row["sealed"],
        row["sha1"],
    )


def event_of(row: Row) -> Event:
    """Return an event."""
    return Event(
        row["id"],
        EventKind(row["kind"]),
        row["owner"],
        row["transfer_id"],
        row["item_id"],
        row["state"],
        row["title"],
        row["message"],
        row["created_at"],
    )


def problem_of(value: dict[str, Any] | None) -> ItemProblem | None:
    """Return the problem of a JSON column."""
    if value is None:
        return None
    retry_at = value.get("retry_at")
    return ItemProblem(
        value["code"],
        value["title"],
        value["message"],
        value["retryable"],
        datetime.fromisoformat(retry_at) if retry_at else None,
    )


def problem_value(problem: ItemProblem | None) -> dict[str, Any] | None:
    """Return the JSON of a problem."""
    if problem is None:
        return None
    value = asdict(problem)
    value["retry_at"] = problem.retry_at.isoformat() if problem.retry_at else None
    return value


def annotations_of(value: Sequence[dict[str, Any]]) -> tuple[Annotation, ...]:
    """Return the annotations of a JSON column."""
    return tuple(
        Annotation(
            AnnotationKind(one["kind"]),
            one["namespace"],
            one["value"],
            tuple((key, text) for key, text in one["pairs"]),
        )
        for one in value
    )


def annotations_value(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """Return the JSON of annotations."""
    return [asdict(one) for one in annotations]


def image_annotations_of(value: Sequence[dict[str, Any]]) -> tuple[ImageAnnotations, ...]:
    """Return the annotations of single images of a JSON column."""
    return tuple(
        ImageAnnotations(one["image"], annotations_of(one["annotations"])) for one in value
    )


def image_annotations_value(single: Sequence[ImageAnnotations]) -> list[dict[str, Any]]:
    """Return the JSON of annotations of single images."""
    return [asdict(one) for one in single]
