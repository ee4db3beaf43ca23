"""Pyramids and tiles as a virtual OME-Zarr that any zarr client can read; no Qt."""

from __future__ import annotations
