"""Deliveries, inbox and preferences in SQLite or PostgreSQL."""

from __future__ import annotations
