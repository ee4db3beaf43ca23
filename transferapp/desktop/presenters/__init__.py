"""What the windows show, as asyncio code without Qt."""

from __future__ import annotations
