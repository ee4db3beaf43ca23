"""Adapters of the grants' port."""

from __future__ import annotations
