"""How long exports take, as the last ones went."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from transferapp.model.export_specs import ExportForm
from transferapp.model.promises import Promises
from transferapp.model.transfers import ItemState, Transfer, TransferKind
from transferapp.operations.export_pace import expected_s

BEGAN = datetime(2026, 12, 1, tzinfo=UTC)
MB = 1_000_000
NO_PROMISES = Promises(
    safe_to_log_off=False, safe_to_switch_off=False, safe_to_delete_source=False
)


def export(took_s: float, size_bytes: int = 100 * MB, **more: object) -> Transfer:
    made = Transfer(
        "t", TransferKind.EXPORT, "x", "ada", ItemState.DELIVERED, BEGAN,
        BEGAN + timedelta(seconds=took_s), 1, 1, 0, 1, size_bytes, size_bytes, NO_PROMISES,
        form="originals",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def test_the_middle_one_counts() -> None:
    last = [export(10), export(1000), export(20)]
    assert expected_s(last, ExportForm.ORIGINALS, 50 * MB) == pytest.approx(10)


def test_only_those_that_say_something_count() -> None:
    last = [
        export(10, size_bytes=10), export(10, form="png"), export(10, state=ItemState.FAILED)
    ]  # fmt: skip
    assert expected_s(last, ExportForm.ORIGINALS, 50 * MB) is None
