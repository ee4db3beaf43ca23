"""Give images of a local repository their values in processes that are killed.

    python -m tests.support.crashing_values FOLDER COUNT

imports one file of some images, and for each of COUNT moments spread over the work gives them
values of their own as the worker's step does, is killed between two lines of the repository's
code, repeats it in a second process and checks that each value is there once. Prints one JSON
line; forks, as ``crashing_import`` does.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from tests.support.crashing_import import Countdown, ended, forked
from transferapp.host.clock import SystemClock
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.repositories.local.repository import LocalRepository
from transferapp.testing.repository_env import ALICE, Sample, import_all, new_dataset, plan_for

IMAGES = 6


@dataclass(frozen=True)
class Values:
    """What images of one file are given, again and again."""

    folder: Path
    image_ids: tuple[int, ...]
    name: str

    def of(self, image_id: int) -> tuple[Annotation, ...]:
        """The values of one image."""
        pairs = (("field", f"{self.name} {image_id}"),)
        return (
            Annotation(AnnotationKind.TAG, value=self.name),
            Annotation(AnnotationKind.KEY_VALUE, pairs=pairs),
        )

    async def run(self, kill_at: int | None, counted: Path | None = None) -> None:
        """Ask for the names and give the values; killed at a line, or counting all lines."""
        countdown = Countdown(kill_at)
        countdown.start()
        repository = LocalRepository(self.folder, SystemClock())
        async with repository.session(ALICE) as session:
            await session.images.summaries(self.image_ids)
            await session.images.annotate({one: self.of(one) for one in self.image_ids})
        countdown.stop()
        await repository.close()
        if counted is not None:
            await asyncio.to_thread(counted.write_text, str(countdown.lines))

    async def check(self) -> None:
        """Raise AssertionError unless every value is on its image exactly once."""
        repository = LocalRepository(self.folder, SystemClock())
        async with repository.session(ALICE) as session:
            for image_id in self.image_ids:
                found = (await session.images.get(image_id)).annotations
                mine = [n for n in found if self.name in str(n)]
                assert sorted(map(str, mine)) == sorted(map(str, self.of(image_id)))
        await repository.close()


async def imported(folder: Path) -> tuple[int, ...]:
    """Import one file of some images."""
    path = folder.parent / "run.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number in range(IMAGES):
            plane = np.full((8, 9), number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": f"Position {number + 1}"})
    repository = LocalRepository(folder, SystemClock())
    async with repository.session(ALICE) as session:
        target = await new_dataset(session)
        sample = Sample(path.parent, (path.name,), IMAGES)
        plan = plan_for(sample, target.ref, target.group_id)
        made = await import_all(session, plan, sample.paths)
    await repository.close()
    return made.image_ids


def main() -> None:
    """Do what the command line says."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    image_ids = asyncio.run(imported(folder))
    counted = folder / "lines"
    first = Values(folder, image_ids, "first")
    assert ended(forked(lambda: first.run(None, counted))) == 0
    assert ended(forked(first.check)) == 0
    lines, killed = int(counted.read_text()), 0
    for number in range(count):
        work = Values(folder, image_ids, f"<{number}>")
        moment = 1 + lines * number // count
        killed += ended(forked(lambda w=work, m=moment: w.run(m))) == -signal.SIGKILL  # type: ignore[misc]
        assert ended(forked(lambda w=work: w.run(None))) == 0, f"line {moment}"  # type: ignore[misc]
        assert ended(forked(work.check)) == 0, f"line {moment}"
    sys.stdout.write(json.dumps({"lines": lines, "killed": killed}) + "\n")


if __name__ == "__main__":
    main()
