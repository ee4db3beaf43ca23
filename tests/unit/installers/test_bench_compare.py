"""Benchmarks of two commits side by side (installers/bench_compare.py)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import bench_compare


def test_numbers_are_the_medians_of_ratios_and_the_figures() -> None:
    report: bench_compare.Report = {
        "ratios": {"up": {"median": 1.2, "min": 1.1}, "down": 0.9},
        "figures": {"tasks/s": 50, "engine": "dbos", "is_quiet": True},
        "machine": {"cores": 2},
    }
    assert bench_compare.numbers(report) == {
        "ratios: up": 1.2,
        "ratios: down": 0.9,
        "figures: tasks/s": 50.0,
    }


def test_after_is_reported_as_a_share_of_before() -> None:
    before: list[bench_compare.Report] = [
        {"figures": {"a": value, "gone": 1}} for value in (4, 2, 3)
    ]
    after: list[bench_compare.Report] = [
        {"figures": {"a": value, "new": 1}} for value in (6, 6, 9)
    ]
    table = bench_compare.beside({"before": before, "after": after})
    assert table == {"figures: a": {"before": 3.0, "after": 6.0, "after/before": 2.0}}


def test_nothing_is_divided_by_zero() -> None:
    zero: list[bench_compare.Report] = [{"figures": {"lost": 0}}]
    assert bench_compare.beside({"before": zero, "after": zero}) == {
        "figures: lost": {"before": 0.0, "after": 0.0}
    }


def test_the_sides_alternate() -> None:
    assert list(bench_compare.order(3)) == [
        "before", "after", "after", "before", "before", "after",
    ]  # fmt: skip


def test_a_benchmark_runs_on_the_tree_that_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "installers").mkdir()
    (tmp_path / "installers/bootstrap.py").write_text('run("-m", "transferapp.old.bench")')
    module = tmp_path / "transferapp" / "old"
    module.mkdir(parents=True)
    for package in (module, module.parent):
        (package / "__init__.py").touch()
    (module / "bench.py").write_text(
        "import json, os, sys\n"
        "json.dump({'figures': {'name': sys.argv[1], 'n': 7}}, open(sys.argv[3], 'w'))\n"
    )

    monkeypatch.setattr(bench_compare, "PYTHON", Path(sys.executable))
    report = bench_compare.measure(tmp_path, "data")
    assert report == {"figures": {"name": "data", "n": 7}}


def test_a_benchmark_that_fails_ends_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "installers").mkdir()
    (tmp_path / "installers/bootstrap.py").write_text('run("-m", "transferapp.no.bench")')
    monkeypatch.setattr(bench_compare, "PYTHON", Path("/bin/false"))
    with pytest.raises(SystemExit):
        bench_compare.measure(tmp_path, "data")
