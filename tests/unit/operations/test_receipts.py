"""What the ledger says of a transfer becomes its receipt; large ones are checked in batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.support.transfer_fakes import item, transfer
from transferapp.errors import StateConflict
from transferapp.ledger.port import ReceiptFacts
from transferapp.model.origins import Origin
from transferapp.model.transfers import (
    ItemRole,
    ItemState,
    Transfer,
    TransferDetails,
    TransferFile,
    TransferItem,
    TransferKind,
)
from transferapp.operations.held_by_repository import in_batches
from transferapp.operations.receipts import receipt_of
from transferapp.receipts.document import Receipt, ReceiptFile, ReceiptItem

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
SHA1 = "a" * 40
NO_FACTS = ReceiptFacts(None, {})


def an_item(number: int, **changes: object) -> TransferItem:
    """Return an item that was verified, but for what a test says."""
    done = {
        "state": ItemState.IMPORTED,
        "verified": True,
        "done_at": AT.astimezone(timezone(timedelta(hours=1))),
        "done_by": "1.2.3",
        "image_ids": (number,),
        "fileset_id": 10 + number,
    }
    return replace(item(number), **{**done, **changes})  # type: ignore[arg-type]


def details(
    *items: TransferItem, sha1: str = SHA1, of: Transfer | None = None
) -> TransferDetails:
    """Return a transfer of these items, with a file each."""
    files = tuple(
        TransferFile(f"f{n}", one.id, f"run/{n}.tif", n, n, sealed=True, sha1=sha1)
        for n, one in enumerate(items)
    )
    return TransferDetails(of or transfer(1), items, files)


def test_it_states_what_the_ledger_has() -> None:
    facts = ReceiptFacts(Origin("scope-3", ("/data",)), {"f0": 99})
    found = receipt_of(details(an_item(1), an_item(2)), facts, "local")
    assert found.origin is not None
    assert (found.origin.workstation, found.origin.folders) == ("scope-3", ("/data",))
    first, second = found.items
    assert (first.verified_at, first.verified_by, first.fileset_id) == (AT, "1.2.3", 11)
    assert [file.repository_id for one in (first, second) for file in one.files] == [99, None]
    assert found.items_missing == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"verified": False},
        {"state": ItemState.FAILED},
        {"state": ItemState.IMPORTING, "verified": False},
        {"state": ItemState.CANCELLED},
    ],
)
def test_what_is_not_verified_is_counted_and_not_listed(changes: dict[str, object]) -> None:
    """Not verified, too: what was imported without the repository's checksums."""
    found = receipt_of(details(an_item(1), an_item(2, **changes)), NO_FACTS, "local")
    assert [one.id for one in found.items] == [an_item(1).id]
    assert found.items_missing == 1
    with pytest.raises(StateConflict, match="verified"):
        receipt_of(details(an_item(2, **changes)), NO_FACTS, "local")


def test_a_file_without_a_hash_proves_nothing() -> None:
    """As of an export from a repository that hashes otherwise."""
    with pytest.raises(StateConflict):
        receipt_of(details(an_item(1), sha1=""), NO_FACTS, "local")
    nothing = TransferDetails(transfer(1), (an_item(1),))
    with pytest.raises(StateConflict):
        receipt_of(nothing, NO_FACTS, "local")


def test_an_export_is_verified_where_it_was_delivered() -> None:
    asked = replace(transfer(1), kind=TransferKind.EXPORT, form="originals")
    delivered = an_item(1, state=ItemState.DELIVERED, verified=False)
    ready = an_item(2, state=ItemState.READY, verified=False)
    found = receipt_of(details(delivered, ready, of=asked), NO_FACTS, "local")
    assert (found.kind, found.form, len(found.items)) == ("export", "originals", 1)
    assert found.items_missing == 1


def test_what_ended_before_receipts_were_kept() -> None:
    old = an_item(1, done_at=None, done_by="", fileset_id=None)
    (one,) = receipt_of(details(old), NO_FACTS, "local").items
    assert (one.verified_at, one.verified_by, one.fileset_id) == (None, "", None)


def test_attachments_say_that_they_are() -> None:
    notes = an_item(1, role=ItemRole.ATTACHMENTS, image_ids=(), fileset_id=None)
    (one,) = receipt_of(details(notes), NO_FACTS, "local").items
    assert one.role == "attachments"


def test_a_large_receipt_is_asked_for_in_batches() -> None:
    """Attachments, and what has no ids, each by itself; the order stays."""
    file = ReceiptFile(path="a", size_bytes=1, sha1="a" * 40, repository_id=1)
    many = (file,) * 3_000
    kinds: list[tuple[str, tuple[ReceiptFile, ...]]] = [
        *[("fileset", (file,))] * 501,
        ("attachments", (file,)),
        ("fileset", many),
        ("fileset", many),
        ("fileset", (file.model_copy(update={"repository_id": None}),)),
    ]
    items = tuple(
        ReceiptItem(id=str(number), name="n", role=role, files=files)
        for number, (role, files) in enumerate(kinds)
    )
    stated = Receipt(
        transfer_id="1",
        kind="import",
        name="n",
        repository="local",
        owner="ada",
        asked_at=datetime(2026, 12, 1, tzinfo=UTC),
        items=items,
    )
    batches = list(in_batches(stated))
    assert [len(batch) for batch in batches] == [500, 1, 1, 1, 1, 1]
    assert [item for batch in batches for item in batch] == list(items)
