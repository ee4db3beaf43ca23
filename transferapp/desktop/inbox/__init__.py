"""The Inbox page: what happened while nobody looked."""

from __future__ import annotations
