"""The port to a channel that tells a person something at the workstation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Urgency(StrEnum):
    """How loudly it is told."""

    NORMAL = "normal"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Notification:
    """Something worth telling. ``key`` names what it is about (a transfer's id)."""

    title: str
    text: str
    key: str = ""
    urgency: Urgency = Urgency.NORMAL


class Notifier(Protocol):
    """Shows notifications."""

    async def tell(
        self, notification: Notification, on_open: Callable[[str], None] | None = None
    ) -> bool:
        """Show it; False when there is no one to show it. Never raises for that.

        ``on_open`` is called with the key, on the caller's event loop, when the person
        clicks the notification.
        """

    async def aclose(self) -> None:
        """Let go of the channel."""
