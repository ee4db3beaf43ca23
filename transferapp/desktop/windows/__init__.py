"""Top-level windows and pages."""

from __future__ import annotations
