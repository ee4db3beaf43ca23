"""Qt item models over presenter rows."""

from __future__ import annotations
