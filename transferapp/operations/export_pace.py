"""How long an export will take, as this person's last ones of the same form went."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import ItemState, Transfer

#: Of smaller ones most of the time is waiting.
_LEAST_BYTES = 1_000_000


def expected_s(last: Iterable[Transfer], form: ExportForm, size_bytes: int) -> float | None:
    """Return seconds from the order to the last file on the person's disk, as the exports
    ``last`` went; None when none of them was of this form.
    """
    paces = [_bytes_per_s(one) for one in last if _counts(one, form)]
    return size_bytes / median(paces) if paces else None


def _counts(transfer: Transfer, form: ExportForm) -> bool:
    return (
        transfer.form == form
        and transfer.state is ItemState.DELIVERED
        and transfer.size_bytes >= _LEAST_BYTES
    )


def _bytes_per_s(transfer: Transfer) -> float:
    took = (transfer.updated_at - transfer.created_at).total_seconds()
    return transfer.size_bytes / max(took, 1.0)
