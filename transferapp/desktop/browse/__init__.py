"""The Browse page: a container's images, the chosen one in detail, export."""

from __future__ import annotations
