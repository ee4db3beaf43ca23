"""Telling people: what is worth telling and through which channel."""

from __future__ import annotations
