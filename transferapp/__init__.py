"""TransferApp: imports to and exports from image repositories, outside login."""

from __future__ import annotations

__version__ = "0.1.0"
