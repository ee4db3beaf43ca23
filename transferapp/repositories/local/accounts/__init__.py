"""Who there is, in which groups, and who may do what."""

from __future__ import annotations
