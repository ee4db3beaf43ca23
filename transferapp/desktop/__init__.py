"""The window, a room for each page: PySide6 views over Qt-free presenters."""

from __future__ import annotations
