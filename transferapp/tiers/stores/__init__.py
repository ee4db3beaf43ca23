"""The adapters of tiers: a facility's programs, and what a file system shows by itself."""

from __future__ import annotations
