"""Values of single images in the embedded repository: killed at any line, each once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.testing.repository_env import ALICE, LAB, PASSWORD

MOMENTS = 25


async def test_killed_at_any_line_and_repeated(tmp_path: Path) -> None:
    administration = Administration(tmp_path / "repository")
    await administration.add_group(LAB, GroupPermissions.READ_ONLY)
    await administration.add_experimenter(ALICE, "Alice", PASSWORD)
    await administration.add_member(ALICE, LAB)
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.support.crashing_values",
         str(tmp_path / "repository"), str(MOMENTS)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["lines"] > MOMENTS
    assert found["killed"] >= MOMENTS - 2, found
