"""The light preview: which tiles, how they are mixed, where they are drawn."""

from __future__ import annotations
