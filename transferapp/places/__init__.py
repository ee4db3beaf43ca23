"""Places of the facility that exports are brought to: folders and buckets."""

from __future__ import annotations
