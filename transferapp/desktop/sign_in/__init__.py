"""The page that asks who the person is."""

from __future__ import annotations
