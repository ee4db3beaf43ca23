"""Half-arrived files: parts, checksums, seal."""

from __future__ import annotations
