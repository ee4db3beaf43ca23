"""The wire: shapes, routes, event names and the way errors travel over HTTP."""

from __future__ import annotations
