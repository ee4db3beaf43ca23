"""A worker that describes archives two images at a time, and stops for ever in one page.

    python -m tests.support.held_describing MARKER PAGE

Touches MARKER before the second image of that page, so that it can be killed there; with
PAGE -1 it goes on to the end.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from transferapp.archive.lines import ImageLine
from transferapp.operations import archive_lines, describe_export
from transferapp.operations.archive_lines import ArchivedImages
from transferapp.repositories.port import RepositorySession
from transferapp.worker.app import run
from transferapp.worker.settings import WorkerSettings

IN_PAGE = 2


def main() -> None:
    """Work, with small pages."""
    marker, page = Path(sys.argv[1]), int(sys.argv[2])
    whole = archive_lines.image_lines

    async def held(
        session: RepositorySession, images: ArchivedImages, ids: Sequence[int]
    ) -> AsyncIterator[ImageLine]:
        async for line in whole(session, images, ids):
            yield line
            if 0 <= page < images.page_count and tuple(ids) == images.page(page):
                await asyncio.to_thread(marker.touch)
                await asyncio.Event().wait()

    archive_lines.AT_ONCE = describe_export.AT_ONCE = IN_PAGE  # type: ignore[attr-defined]
    describe_export.image_lines = held  # type: ignore[attr-defined]
    asyncio.run(run(WorkerSettings()))


if __name__ == "__main__":
    main()
