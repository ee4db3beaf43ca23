"""Import into a local repository in processes that are killed, for the tests of crashes.

    python -m tests.support.crashing_import FOLDER SAMPLE kill COUNT
    python -m tests.support.crashing_import FOLDER SAMPLE crowd COUNT

``kill`` runs one import for each of COUNT moments spread over it, kills it at that moment
between two lines of the repository's own code, lets a second process repeat it and checks
the outcome. ``crowd`` lets COUNT processes import and delete the same content at once.
Prints one JSON line; forks, so that every process starts warm.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

from transferapp.host.clock import SystemClock
from transferapp.model.filesets import FilesetPlan
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.port import RepositorySession
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
    sha1_of,
    whole,
)

_OURS = str(Path("transferapp") / "repositories" / "local")


class Countdown:
    """Counts the lines of our code that all threads run, and kills at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self.lines = 0
        self._kill_at = kill_at

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        """Trace: only our own modules, line by line."""
        if _OURS not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self

    def start(self) -> None:
        """Trace this thread and all later ones."""
        threading.settrace(self)
        sys.settrace(self)

    @staticmethod
    def stop() -> None:
        """Trace no more."""
        threading.settrace(None)
        sys.settrace(None)


def forked(work: Callable[[], Awaitable[None]]) -> int:
    """Run work in a child of its own and return its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        asyncio.run(work())  # type: ignore[arg-type]
        code = 0
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a child; 0 when it ended well, -9 when it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Import:
    """One import that is tried again and again under the same key."""

    def __init__(self, folder: Path, sample: Sample, plan: FilesetPlan) -> None:
        self.folder, self.sample, self.plan = folder, sample, plan

    async def run(self, kill_at: int | None, counted: Path | None = None) -> None:
        """Import; killed at a line, or counting all lines into a file."""
        countdown = Countdown(kill_at)
        # Before the first thread starts: only later ones are traced.
        countdown.start()
        repository = LocalRepository(self.folder, SystemClock())
        async with repository.session(ALICE, self.plan.group_id) as session:
            await import_all(session, self.plan, self.sample.paths)
        countdown.stop()
        await repository.close()
        if counted is not None:
            await asyncio.to_thread(counted.write_text, str(countdown.lines))

    async def check(self) -> None:
        """Raise AssertionError unless everything is there exactly once."""
        repository = LocalRepository(self.folder, SystemClock())
        async with repository.session(ALICE, self.plan.group_id) as session:
            await self._check(session)
            made = await session.imports.find(self.plan.key)
            assert made is not None
            assert list((self.folder / "incoming").rglob("*")) == [], "left on the way in"
            await session.images.delete(made.image_ids)
        await repository.close()
        left = [p for p in (self.folder / "originals").rglob("*") if p.is_file()]
        assert left == [], f"contents that nobody refers to: {left}"
        for name in ("filesets", "incoming", "damaged", "pyramids", "thumbnails"):
            found = self.folder / name
            assert not found.exists() or list(found.iterdir()) == [], f"left in {name}"

    async def _check(self, session: RepositorySession) -> None:
        assert self.plan.target is not None
        images = await session.images.find(self.plan.target)
        assert len(images) == self.sample.image_count, f"{len(images)} images"
        details = await session.images.get(images[0].id)
        assert details.annotations == self.plan.annotations
        held = {(f.client_path, f.hash) for f in details.files}
        assert held == {(f.client_path, f.sha1) for f in self.plan.files}
        for file in details.files:
            assert sha1_of(await whole(session, file.id)) == file.hash
        assert await session.images.thumbnail(images[0].id, 96)


async def planned(folder: Path, sample: Sample) -> Import:
    """Make a dataset and plan an import into it."""
    repository = LocalRepository(folder, SystemClock())
    async with repository.session(ALICE) as session:
        target = (await new_dataset(session)).ref
        group_id = session.identity.default_group_id
    await repository.close()
    note = Annotation(AnnotationKind.TAG, value="killed")
    return Import(folder, sample, plan_for(sample, target, group_id, note))


def kill(folder: Path, sample: Sample, count: int) -> dict[str, int]:
    """Kill at ``count`` moments, and check after each."""
    counted = folder / "lines"
    first = asyncio.run(planned(folder, sample))
    assert ended(forked(lambda: first.run(None, counted))) == 0
    assert ended(forked(first.check)) == 0
    lines = int(counted.read_text())
    killed = 0
    for number in range(count):
        work = asyncio.run(planned(folder, sample))
        moment = 1 + lines * number // count
        killed += ended(forked(lambda w=work, m=moment: w.run(m))) == -signal.SIGKILL  # type: ignore[misc]
        assert ended(forked(lambda w=work: w.run(None))) == 0, f"line {moment}"  # type: ignore[misc]
        assert ended(forked(work.check)) == 0, f"line {moment}"
    return {"lines": lines, "killed": killed}


def crowd(folder: Path, sample: Sample, count: int) -> dict[str, int]:
    """Let processes import and delete the same content at once; odd ones keep it."""
    works = [asyncio.run(planned(folder, sample)) for _ in range(count)]

    async def come_and_go(work: Import, *, stay: bool) -> None:
        for _ in range(3):
            await work.run(None)
            if not stay:
                repository = LocalRepository(folder, SystemClock())
                async with repository.session(ALICE) as session:
                    made = await session.imports.find(work.plan.key)
                    assert made is not None
                    await session.images.delete(made.image_ids)
                await repository.close()

    children = [
        forked(lambda w=work, s=bool(n % 2): come_and_go(w, stay=s))  # type: ignore[misc]
        for n, work in enumerate(works)
    ]
    assert [ended(child) for child in children] == [0] * count
    kept = works[1::2]

    async def check_kept() -> None:
        repository = LocalRepository(folder, SystemClock())
        async with repository.session(ALICE) as session:
            for work in kept:
                await work._check(session)
        await repository.close()

    asyncio.run(check_kept())
    contents = [p for p in (folder / "originals").rglob("*") if p.is_file()]
    return {"kept": len(kept), "contents": len(contents)}


def main() -> None:
    """Do what the command line says."""
    folder, root, what, count = sys.argv[1:]
    paths = sorted(p.relative_to(root).as_posix() for p in Path(root).iterdir())
    paths.sort(key=lambda path: not path.endswith(".companion.ome"))
    sample = Sample(Path(root), tuple(paths), 1)
    done = {"kill": kill, "crowd": crowd}[what](Path(folder), sample, int(count))
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
