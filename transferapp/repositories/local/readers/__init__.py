"""Readers of microscope files: one small protocol, one module per family of formats."""

from __future__ import annotations
