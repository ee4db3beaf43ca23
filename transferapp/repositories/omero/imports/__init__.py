"""Imports into OMERO: files into its managed repository, one request, its end."""

from __future__ import annotations
