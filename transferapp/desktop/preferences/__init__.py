"""The Settings page: servers, notifications, this computer."""

from __future__ import annotations
