"""The REST process: the only door."""

from __future__ import annotations
