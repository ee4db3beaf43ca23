"""The main job, played by itself on the real parts: what ``bootstrap.py demo`` runs."""

from __future__ import annotations
