"""Whole numbers of the wire: what every database holds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

#: The largest one: of a signed 64-bit integer.
MOST_NUMBER = (1 << 63) - 1

#: An id, a number of things, or of bytes.
Number = Annotated[int, Field(ge=0, le=MOST_NUMBER)]
