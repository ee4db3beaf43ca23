"""TransferApp inside a person's own napari: the distribution ``napari-transferapp``."""

from __future__ import annotations
