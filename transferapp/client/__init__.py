"""Use cases on the user's side, over httpx: server, agent, uploads, downloads, events."""

from __future__ import annotations
