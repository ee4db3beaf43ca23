"""The short form of the intake bench writes its object; what it took is not judged here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transferapp.sandbox.bench import (
    intake as bench_intake,
    intake_window as bench_intake_window,
)


def test_the_bench_writes_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_intake, "FOLDERS", 30)
    monkeypatch.setattr(bench_intake, "FILES_IN_ONE_FOLDER", 500)
    monkeypatch.setattr(bench_intake, "ROUNDS", 2)
    monkeypatch.setattr(bench_intake_window, "ROUNDS", 1)
    monkeypatch.setattr(bench_intake_window, "AFTERWARDS_S", 0.5)
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
    requested = {"ui_stall_ms_p99", "ui_stall_ms_worst", "ui_first_verdict_s"}
    assert {"first_verdict_s", "memory_mb", *requested} <= report["figures"].keys()
    assert report["figures"]["ui_stall_ms_p99"] <= report["figures"]["ui_stall_ms_worst"]
    assert all(value > 0 for value in report["figures"].values())
