"""The Import page: from what was dropped to what was handed over."""

from __future__ import annotations
