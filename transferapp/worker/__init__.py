"""The process that runs durable tasks."""

from __future__ import annotations
