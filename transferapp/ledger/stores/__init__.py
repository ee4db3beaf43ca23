"""Adapters of the ledger's port."""

from __future__ import annotations
