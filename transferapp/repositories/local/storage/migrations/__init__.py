"""Migrations of the embedded repository, in order; the newest is the tables as they are."""

from __future__ import annotations
