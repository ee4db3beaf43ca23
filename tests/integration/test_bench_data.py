from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from transferapp.sandbox.bench import data as bench_data


@pytest.mark.skipif(shutil.which("curl") is None, reason="the peer is curl")
def test_the_bench_writes_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_data, "SIZE", 3 << 20)
    monkeypatch.setattr(bench_data, "ROUNDS", 3)
    bench_data.run(tmp_path / "data.json")
    report = json.loads((tmp_path / "data.json").read_text())
    assert set(report) == {"bench", "ratios", "figures", "machine", "commands"}
    assert len(report["ratios"]) == 2
    for ratio in report["ratios"].values():
        assert 0 < ratio["min"] <= ratio["median"] <= ratio["max"]
    assert all(value > 0 for value in report["figures"].values())
    assert "curl" in report["commands"]["curl"]
