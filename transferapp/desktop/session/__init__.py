"""Who is signed in where, and what this computer remembers; knows no Qt."""

from __future__ import annotations
