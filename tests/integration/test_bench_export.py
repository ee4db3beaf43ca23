"""The bench of exports writes its object, small; what it took is not judged here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transferapp.sandbox.bench.export import bench, peers
from transferapp.sandbox.bench.export.bench import Sizes

SIZES = Sizes(
    edge=1200, piece_edge=700, small=3, small_piece=1, worker_edge=2600,
    portion_pixels=1 << 22, rounds=1, limit_s=5.0,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_bench_writes_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that cannot be run is named with what it said, and the rest is measured."""
    monkeypatch.setenv(peers.JAR_VARIABLE, str(tmp_path / "no.jar"))
    monkeypatch.setattr(bench, "PEERS", (peers.BIO_FORMATS,))
    bench.run(tmp_path / "export.json", SIZES)
    report = json.loads((tmp_path / "export.json").read_text())
    assert report["bench"] == "export"
    assert {"ratios", "figures", "machine", "commands"} <= report.keys()
    assert set(report["ratios"]) == {
        "ome_zarr_pyramid_vs_best",
        "ome_zarr_many_vs_best",
        "ome_tiff_pyramid_vs_best",
        "ome_tiff_many_vs_best",
        "two_workers_vs_one",
        "originals_vs_cp",
    }
    for ratio in report["ratios"].values():
        assert 0 < ratio["min"] <= ratio["median"] <= ratio["max"]
    reasons = report["peers"]["not run"]
    assert reasons
    assert all(name.startswith("bio-formats, ") for name in reasons)
    assert all("there is no jar" in text for text in reasons.values())
    assert all(value > 0 for name, value in report["figures"].items() if name != "minutes")
