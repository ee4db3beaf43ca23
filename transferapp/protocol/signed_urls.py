"""Shapes of signed URLs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from transferapp.protocol.messages import Message


class NewSignedUrl(Message):
    """Ask for a signed URL; without a lifetime it is the server's usual one."""

    lifetime_s: Annotated[int, Field(ge=1)] | None = None


class SignedUrl(Message):
    """An address that opens one image's OME-Zarr until its end, without a token.

    On the wire ``url`` is a path below the server's address, as the server cannot know by which
    name it is reached; ``ServerClient`` makes it whole.
    """

    url: str
    expires_at: datetime
