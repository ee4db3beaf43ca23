"""The workstation service that moves bytes while nobody is logged in."""

from __future__ import annotations
