"""The short form of the intake bench writes its object; what it took is not judged here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transferapp.testing import bench_intake


def test_the_bench_writes_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_intake, "FOLDERS", 30)
    monkeypatch.setattr(bench_intake, "FILES_IN_ONE_FOLDER", 500)
    monkeypatch.setattr(bench_intake, "ROUNDS", 2)
    bench_intake.run(tmp_path / "intake.json")
    report = json.loads((tmp_path / "intake.json").read_text())
    assert set(report) == {"bench", "ratios", "figures", "machine", "commands"}
    assert report["bench"] == "intake"
    assert set(report["ratios"]) == {
        "many_folders_seconds_vs_walk",
        "one_folder_seconds_vs_walk",
    }
    for ratio in report["ratios"].values():
        assert 0 < ratio["min"] <= ratio["median"] <= ratio["max"]
    assert {"first_verdict_s", "memory_mb"} <= report["figures"].keys()
    assert all(value > 0 for value in report["figures"].values())
