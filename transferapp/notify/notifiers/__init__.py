"""Channels that tell people."""

from __future__ import annotations
