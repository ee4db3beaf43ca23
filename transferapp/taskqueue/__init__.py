"""Durable tasks: the port, its engine adapter, retries, recovery and limits."""

from __future__ import annotations
