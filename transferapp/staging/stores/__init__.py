"""Places that half-arrived files can be kept in."""

from __future__ import annotations
