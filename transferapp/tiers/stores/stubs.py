"""Files of which only a stub is on the disk, as file systems before an archive show them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from transferapp.tiers.port import FileTier, Tiers, TierState


class StubTiers(Tiers):
    """What has a size and no blocks is offline; others recall it."""

    def __init__(self, recalls: Tiers, usual_s: float = 0.0) -> None:
        """Let ``recalls`` ask for files, which usually takes ``usual_s`` (0: nobody knows)."""
        self._recalls, self._usual_s = recalls, usual_s or None

    @override
    async def status(self, paths: Sequence[str]) -> list[FileTier]:
        """Ask the file system, which answers without a recall."""
        return await asyncio.to_thread(lambda: [self._tier(path) for path in paths])

    @override
    async def recall(self, paths: Sequence[str]) -> None:
        """Let others ask for them."""
        await self._recalls.recall(paths)

    def _tier(self, path: str) -> FileTier:
        if _is_stub(path):
            return FileTier(path, TierState.OFFLINE, self._usual_s)
        return FileTier(path, TierState.ONLINE)


def _is_stub(path: str) -> bool:
    try:
        found = Path(path).stat()
    except OSError:
        return False
    # Windows tells no blocks.
    return found.st_size > 0 and getattr(found, "st_blocks", 1) == 0
