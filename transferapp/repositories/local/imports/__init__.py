"""Imports: files into the store, images made of them, each step repeatable."""

from __future__ import annotations
