"""The nouns: identity, containers, images, filesets, transfers and events, without behaviour."""

from __future__ import annotations
