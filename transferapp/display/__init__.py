"""How pixels are shown to people: colours, display windows, scale bars; no files, no Qt."""

from __future__ import annotations
