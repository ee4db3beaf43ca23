"""The window: PySide6 views over Qt-free presenters."""

from __future__ import annotations
