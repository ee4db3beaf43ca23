"""Regions of any level of any image, and pictures made of them."""

from __future__ import annotations
