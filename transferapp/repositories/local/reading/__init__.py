"""What a person reads of her images: details, tiles, thumbnails, files."""

from __future__ import annotations
