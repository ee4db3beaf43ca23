"""Read out of OMERO: lists and details of images, pixels, original files."""

from __future__ import annotations
