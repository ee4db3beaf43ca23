"""The short form of tests/chaos/test_export_chaos.py: small images, few kills, one form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.numbered_images import LEAST_EDGE
from tests.support.random_exports import Kills, Size, export_killed, imported

#: A plate and others.
SIZE = Size(count=120, edge=LEAST_EDGE)
KILLS = Kills(most=3, every_s=(0.5, 1.5), within_s=200)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nothing_is_lost_mixed_or_there_twice(tmp_path: Path) -> None:
    with imported(tmp_path / "i", None, SIZE) as images:
        killed = export_killed(images, "ome-zarr", tmp_path / "out", KILLS)
    assert sum(killed.values()) == KILLS.most
