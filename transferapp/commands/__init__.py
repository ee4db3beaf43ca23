"""Commands of a facility: what may be run, running it, and what it printed."""

from __future__ import annotations
