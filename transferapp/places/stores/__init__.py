"""Adapters of places."""

from __future__ import annotations
