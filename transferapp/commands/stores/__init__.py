"""Adapters that keep the runs of commands."""

from __future__ import annotations
