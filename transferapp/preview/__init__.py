"""Thumbnails, pyramids and tiles as OME-Zarr, without Qt."""

from __future__ import annotations
