"""Who asked for what and how far it is: transfers, their items and events, in one database."""

from __future__ import annotations
