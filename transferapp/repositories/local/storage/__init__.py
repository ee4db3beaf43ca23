"""What lies on disk: tables, originals, what is made of them; made to last."""

from __future__ import annotations
