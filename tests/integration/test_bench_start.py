"""The short form of the start bench writes its object; what it took is not judged here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transferapp.sandbox.bench import start as bench_start


def test_the_bench_writes_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_start, "ROUNDS", 1)
    bench_start.run(tmp_path / "start.json")
    report = json.loads((tmp_path / "start.json").read_text())
    assert set(report) == {"bench", "ratios", "figures", "machine", "commands"}
    assert report["bench"] == "start"
    for ratio in report["ratios"].values():
        assert 1 < ratio["min"] <= ratio["median"] <= ratio["max"]
    figures = report["figures"]
    requested = ("empty_cpu_s", "version_cpu_s", "help_cpu_s", "hand_over_cpu_s")
    assert all(figures[name] > 0 for name in requested)
    assert figures["version_cpu_s"] < figures["hand_over_cpu_s"]
