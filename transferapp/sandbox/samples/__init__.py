"""Sample images that look like microscopy, made by chance that is the same everywhere."""

from __future__ import annotations
