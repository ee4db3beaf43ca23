"""Use cases on the server: sign in, import, export, preview."""

from __future__ import annotations
