"""OMERO as the image repository; the only package that imports omero or Ice."""

from __future__ import annotations
