"""Measure conversions against other people's programs, side by side in one run."""

from __future__ import annotations

from transferapp.sandbox.bench.export.bench import FULL, QUICK, run

__all__ = ["FULL", "QUICK", "run"]
