"""The embedded image repository: SQLite and a folder of content-addressed files."""

from __future__ import annotations
