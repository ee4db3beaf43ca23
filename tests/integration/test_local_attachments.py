"""Attachments of the embedded repository: rights, damage, and processes that are killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from transferapp.errors import PermissionDenied
from transferapp.host.clock import SystemClock
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.repository import LocalRepository
from transferapp.testing.repository_attachments import attachment_plan, whole_attachment
from transferapp.testing.repository_env import ALICE, BOB, LAB, PASSWORD, new_dataset

CONTENT = b"staining protocol\n" * 1000
MOMENTS = 40


@pytest.fixture
async def repository(tmp_path: Path) -> AsyncIterator[LocalRepository]:
    """Alice and bob, in a group that only lets them read each other's data."""
    administration = Administration(tmp_path / "repository")
    await administration.add_group(LAB, GroupPermissions.READ_ONLY)
    for username in (ALICE, BOB):
        await administration.add_experimenter(username, username.title(), PASSWORD)
        await administration.add_member(username, LAB)
    made = LocalRepository(tmp_path / "repository", SystemClock())
    yield made
    await made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "protocol.txt"
    path.write_bytes(CONTENT)
    return path


async def test_who_may_not_annotate_is_reported_so(
    repository: LocalRepository, file: Path
) -> None:
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session, "Alice's cells")
        assert dataset.can_annotate
    plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id)
    async with repository.session(BOB) as session:
        assert not (await session.containers.get(dataset.ref)).can_annotate
        with pytest.raises(PermissionDenied, match="may not attach files to 'Alice's cells'"):
            await session.attachments.attach(plan, file)
        assert await session.attachments.of(dataset.ref) == []


async def test_a_damaged_content_is_replaced_when_it_comes_again(
    repository: LocalRepository, file: Path, tmp_path: Path
) -> None:
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id)
        made = await session.attachments.attach(plan, file)
        (content,) = [p for p in (tmp_path / "repository/originals").rglob("*") if p.is_file()]
        content.chmod(0o600)
        content.write_bytes(b"?" * len(CONTENT))
        assert await session.attachments.attach(plan, file) == made
        assert await whole_attachment(session, made.id) == CONTENT
    assert len(list((tmp_path / "repository/damaged").iterdir())) == 1


async def test_a_content_stays_until_its_last_attachment_goes(
    repository: LocalRepository, file: Path, tmp_path: Path
) -> None:
    async with repository.session(ALICE) as session:
        kept, gone = await new_dataset(session), await new_dataset(session)
        made = [
            await session.attachments.attach(
                attachment_plan(CONTENT, one.ref, one.group_id), file
            )
            for one in (kept, gone)
        ]
        await session.containers.delete(gone.ref)
        assert await whole_attachment(session, made[0].id) == CONTENT
        await session.containers.delete(kept.ref)
    originals = (tmp_path / "repository/originals").rglob("*")
    assert [path for path in originals if path.is_file()] == []


@pytest.mark.usefixtures("repository")
def test_killed_at_any_line_it_is_attached_once(tmp_path: Path, file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.crashing_attach",
         str(tmp_path / "repository"), str(file), str(MOMENTS)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reported = json.loads(done.stdout)
    assert reported["killed"] >= MOMENTS - 2, reported
