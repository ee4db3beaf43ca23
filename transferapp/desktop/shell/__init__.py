"""The window around the pages: header, notices, tray, notifications."""

from __future__ import annotations
