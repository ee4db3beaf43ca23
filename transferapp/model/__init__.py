"""The nouns: identity, containers, images, filesets, transfers, events; no behaviour."""

from __future__ import annotations
