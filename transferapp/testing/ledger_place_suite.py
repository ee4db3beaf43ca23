"""What a ledger keeps of where the items of an export go, to inherit.

A subclass gives the fixture ``ledger``.
"""

from __future__ import annotations

from dataclasses import replace

from transferapp.ledger.port import (
    ItemChange,
    Ledger,
    NewTransfer,
    PlannedItem,
    PlannedTransferFile,
)
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.export_places import (
    ExportLayout,
    ImageLocation,
    ItemPlace,
    NamedContainer,
    PlacedImage,
    WellField,
)
from transferapp.model.export_specs import ExportForm, ExportSpec
from transferapp.model.transfers import ItemRole, ItemState, TransferKind
from transferapp.testing.moves import PUT_ANYHOW

_PLATE = NamedContainer(ContainerRef(ContainerKind.PLATE, 2), "Plate \N{GREEK SMALL LETTER MU}")
_WELL = WellField(0, 11, 1, 4, "Run 4", -3.5, None)
PLACE = ItemPlace(
    ("Screen", "Plate.ome.zarr", "A", "12"),
    (PlacedImage(7, "image", (ImageLocation(7, (_PLATE,), _WELL),)), PlacedImage(8, "other")),
    "1",
)


class LedgerPlaceSuite:
    """Places stay as they were decided."""

    async def test_a_place_stays_through_failure_and_retry(self, ledger: Ledger) -> None:
        spec = ExportSpec(ExportForm.OME_ZARR, layout=ExportLayout.FLAT)
        items = (
            PlannedItem("image", (), (7,), place=PLACE),
            PlannedItem("nowhere", (), (9,), place=ItemPlace()),
            PlannedItem("before there were places", (), (10,)),
        )
        new = NewTransfer(TransferKind.EXPORT, "out", "ada", "key", items, export=spec)
        added = await ledger.add(new)
        first, second, _ = added.items
        expected = (replace(PLACE, item_id=first.id), ItemPlace(item_id=second.id))
        assert added.places == expected
        assert (await ledger.add(new)).places == expected
        for state in (ItemState.FAILED, ItemState.QUEUED, ItemState.READY):
            await ledger.move(first.id, PUT_ANYHOW, ItemChange(state))
            assert (await ledger.details(added.transfer.id)).places == expected
        short = await ledger.details(added.transfer.id, with_files=False)
        assert short.places == ()
        assert (await ledger.work(first.id)).export == spec

    async def test_the_items_of_images(self, ledger: Ledger) -> None:
        items = (
            PlannedItem("both", (), (7, 8)),
            PlannedItem("one", (), (9,)),
            PlannedItem("archive.jsonl", (), (10,), role=ItemRole.ARCHIVE),
        )
        added = await ledger.add(NewTransfer(TransferKind.EXPORT, "all", "ada", "k", items))
        both, one, described = added.items
        found = await ledger.items_of_images(added.transfer.id)
        assert found == {7: both.id, 8: both.id, 9: one.id}
        assert await ledger.items_of_images("nothing") == {}
        assert [item.describes for item in added.items] == [False, False, True]
        assert (await ledger.work(described.id)).item.image_ids == (10,)

    async def test_who_asked_for_a_file_is_known(self, ledger: Ledger) -> None:
        items = (PlannedItem("image", (), (7,)),)
        new = NewTransfer(TransferKind.EXPORT, "all", "ada", "asked", items, asked_by="root")
        [item] = (await ledger.add(new)).items
        await ledger.set_files(item.id, [PlannedTransferFile("a.tif", 3, 5)])
        [file] = (await ledger.details(item.transfer_id)).files
        work = await ledger.file_work(file.id)
        assert (work.owner, work.asked_by) == ("ada", "root")
