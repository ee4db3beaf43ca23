"""Image repositories: the port and its adapters."""

from __future__ import annotations
