"""What a ledger keeps of where the items of an export go, to inherit.

A subclass gives the fixture ``ledger``.
"""

from __future__ import annotations

from dataclasses import replace

from transferapp.ledger.port import ItemChange, Ledger, NewTransfer, PlannedItem
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
from transferapp.model.transfers import ItemState, TransferKind
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
