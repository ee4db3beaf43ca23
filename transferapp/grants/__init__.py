"""Delegated long-lived tokens: mint, narrow, check, revoke."""

from __future__ import annotations
