"""Containers as a tree and as a target: what several pages show of them."""

from __future__ import annotations
