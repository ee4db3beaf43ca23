"""Shipped fakes, conformance suites and test drivers."""

from __future__ import annotations
