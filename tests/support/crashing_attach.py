"""Attach a file in a local repository in processes that are killed, for the test of crashes.

    python -m tests.support.crashing_attach FOLDER FILE COUNT

runs one attachment for each of COUNT moments spread over it, kills it at that moment between
two lines of the repository's own code, repeats it in a second process and checks the
outcome. Prints one JSON line; forks, as ``crashing_import`` does.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.crashing_import import Countdown, ended, forked
from transferapp.host.clock import SystemClock
from transferapp.model.attachments import AttachmentPlan
from transferapp.repositories.local.repository import LocalRepository
from transferapp.testing.repository_attachments import attachment_plan, whole_attachment
from transferapp.testing.repository_env import ALICE, new_dataset


@dataclass(frozen=True)
class Attach:
    """One file that is attached again and again under the same key."""

    folder: Path
    file: Path
    plan: AttachmentPlan

    async def run(self, kill_at: int | None, counted: Path | None = None) -> None:
        """Attach; killed at a line, or counting all lines into a file."""
        countdown = Countdown(kill_at)
        countdown.start()
        repository = LocalRepository(self.folder, SystemClock())
        async with repository.session(ALICE, self.plan.group_id) as session:
            await session.attachments.attach(self.plan, self.file)
        countdown.stop()
        await repository.close()
        if counted is not None:
            await asyncio.to_thread(counted.write_text, str(countdown.lines))

    async def check(self) -> None:
        """Raise AssertionError unless it is there exactly once, and goes without a trace."""
        repository = LocalRepository(self.folder, SystemClock())
        content = await asyncio.to_thread(self.file.read_bytes)
        async with repository.session(ALICE, self.plan.group_id) as session:
            (made,) = await session.attachments.of(self.plan.target)
            assert await whole_attachment(session, made.id) == content
            await session.containers.delete(self.plan.target)
        await repository.close()
        left = [
            path
            for name in ("originals", "incoming", "damaged")
            for path in (self.folder / name).rglob("*")
            if path.is_file()
        ]
        assert left == [], f"left behind: {left}"


async def planned(folder: Path, file: Path) -> Attach:
    """Make a dataset and plan to attach the file to it."""
    repository = LocalRepository(folder, SystemClock())
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
    await repository.close()
    content = await asyncio.to_thread(file.read_bytes)
    return Attach(folder, file, attachment_plan(content, dataset.ref, dataset.group_id))


def main() -> None:
    """Do what the command line says."""
    folder, file, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    counted = folder / "lines"
    first = asyncio.run(planned(folder, file))
    assert ended(forked(lambda: first.run(None, counted))) == 0
    assert ended(forked(first.check)) == 0
    lines, killed = int(counted.read_text()), 0
    for number in range(count):
        work = asyncio.run(planned(folder, file))
        moment = 1 + lines * number // count
        killed += ended(forked(lambda w=work, m=moment: w.run(m))) == -signal.SIGKILL  # type: ignore[misc]
        assert ended(forked(lambda w=work: w.run(None))) == 0, f"line {moment}"  # type: ignore[misc]
        assert ended(forked(work.check)) == 0, f"line {moment}"
    sys.stdout.write(json.dumps({"lines": lines, "killed": killed}) + "\n")


if __name__ == "__main__":
    main()
