"""Thin HTTP routes; decisions live in operations."""

from __future__ import annotations
