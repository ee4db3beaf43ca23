"""The Transfers page, and the words for transfers that other pages use."""

from __future__ import annotations
