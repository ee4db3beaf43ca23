"""The task queue on DBOS: the only package that knows the engine."""

from __future__ import annotations
