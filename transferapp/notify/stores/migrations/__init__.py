"""Migrations of the notifications, in order; the newest is the tables as they are."""

from __future__ import annotations
