"""The places that a server offers, and what lies there."""

from __future__ import annotations

from datetime import datetime

from transferapp.protocol.messages import Message
from transferapp.protocol.numbers import Number


class PlaceView(Message):
    """A place that exports are brought to, as one person sees it."""

    #: What ``--to NAME:`` takes.
    name: str
    title: str
    #: "folder" or "bucket".
    kind: str
    #: Where the person finds her own folder, as the facility says it.
    path: str
    #: Bytes of hers that lie there or are on the way.
    used_bytes: Number
    #: None: as many as there is room for.
    quota_bytes: Number | None = None
    #: Days after which what was brought is removed; None: never.
    keep_days: Number | None = None
    #: What is in the way there, as workers found it lately: exports wait. Else empty.
    hindrance: str = ""


class BroughtView(Message):
    """Where an item of an export lies."""

    item_id: str
    place: str
    path: str
    size_bytes: Number
    #: "on the way", "there" or "removed".
    state: str
    expires_at: datetime | None = None
    removed_at: datetime | None = None
