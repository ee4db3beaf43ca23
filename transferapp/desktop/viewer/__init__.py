"""napari in its own process."""

from __future__ import annotations
