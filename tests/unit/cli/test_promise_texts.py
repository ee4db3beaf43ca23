"""What the command line says of deleting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.transfer_fakes import transfer
from transferapp.cli.promise_texts import deleting
from transferapp.model.drops import SourceScan
from transferapp.model.promises import Promises

SCAN = SourceScan(datetime(2026, 11, 29, tzinfo=UTC), files=2)
ALL = Promises(True, True, True, True)
ONLY = Promises(True, True, False, True)
NONE = Promises(True, True, False, False)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"files_verified": 0}, ""),
        ({"promises": ALL}, "Safe to delete the source."),
        (
            {"promises": ONLY, "left_out_files": 1, "left_out_names": ("a.tif",)},
            (
                "Safe to delete: only the 2 imported files. 1 file was left out and not"
                " imported: 'a.tif'."
            ),
        ),
        (
            {"promises": ONLY, "to_attach": 3, "left_out_files": 0},
            "Safe to delete: only the 2 imported files. 3 files not attached.",
        ),
        (
            {"promises": ONLY, "to_attach": 1, "attached": 1, "left_out_files": 0},
            "Safe to delete: only the 2 imported or attached files.",
        ),
        (
            {"promises": NONE},
            (
                "Not safe to delete the source. Its files could not be looked at just now, as"
                " this computer's workstation service does not answer. Start it (transferapp"
                " agent), then ask again."
            ),
        ),
        (
            {"promises": NONE, "look": None},
            (
                "Not safe to delete the source. The workstation has not looked at its files"
                " since the import."
            ),
        ),
        (
            {"promises": NONE, "look": SourceScan(SCAN.looked_at, 2, 1, names=("a.tif",))},
            "Not safe to delete the source. 1 file changed since the import: 'a.tif'.",
        ),
    ],
)
def test_text(changes: dict[str, Any], text: str) -> None:
    assert deleting(transfer(**{"files_verified": 2, "look": SCAN, **changes})) == text
