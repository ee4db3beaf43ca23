"""A worker that stops for ever where it empties the staging, so that it can be killed there.

    python -m tests.support.held_worker MARKER before|done

Touches MARKER when it is there: before the first staged file is discarded, or after it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from transferapp.staging.stores.filesystem import FilesystemStaging
from transferapp.worker.app import run
from transferapp.worker.settings import WorkerSettings


def main() -> None:
    """Work, with another way to discard."""
    marker, done = Path(sys.argv[1]), sys.argv[2] == "done"
    discard = FilesystemStaging.discard

    async def held(staging: FilesystemStaging, upload_id: str) -> None:
        if done:
            await discard(staging, upload_id)
        await asyncio.to_thread(marker.touch)
        await asyncio.Event().wait()

    async def nothing(_: FilesystemStaging) -> list[str]:
        return []  # Held in a task, not in the sweep of this worker's start.

    FilesystemStaging.ids = nothing  # type: ignore[assignment,method-assign]
    FilesystemStaging.discard = held  # type: ignore[assignment,method-assign]
    asyncio.run(run(WorkerSettings()))


if __name__ == "__main__":
    main()
