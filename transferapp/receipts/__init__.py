"""Receipts: signed documents that say what a transfer brought where."""

from __future__ import annotations
