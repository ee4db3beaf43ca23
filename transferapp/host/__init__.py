"""The machine: paths, clock, credentials, database files and resources."""

from __future__ import annotations
