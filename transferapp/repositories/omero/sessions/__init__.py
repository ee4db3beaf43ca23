"""People's sessions in OMERO: how they are made, kept alive and worked in."""

from __future__ import annotations
