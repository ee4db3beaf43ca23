"""Fixtures and builders shared by test folders."""

from __future__ import annotations
