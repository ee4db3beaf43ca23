"""What the tables say of containers, images and files, as the caller sees it."""

from __future__ import annotations
