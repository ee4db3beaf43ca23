"""The OMERO services, one module for each family."""

from __future__ import annotations
